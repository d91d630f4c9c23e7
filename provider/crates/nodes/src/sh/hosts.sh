# One line of ours in /etc/hosts, known by its end; every other line stays as it is.
hosts_mark() { printf '# kurator:%s' "$CLUSTER"; }

# hosts_without_ours: the file without our line.
hosts_without_ours() {
  [ ! -e "$ROOT/etc/hosts" ] || awk -v mark="$(hosts_mark)" \
    'substr($0, length($0) - length(mark) + 1) != mark' "$ROOT/etc/hosts"
}

# hosts_write <CONTENT: a file of the same owner and mode; where it is a mount of its own, its content.
hosts_write() {
  cat >"$ROOT/etc/.hosts.kurator"
  if [ -e "$ROOT/etc/hosts" ] && cmp -s "$ROOT/etc/hosts" "$ROOT/etc/.hosts.kurator"; then
    rm -f "$ROOT/etc/.hosts.kurator"
    return 0
  fi
  chmod 644 "$ROOT/etc/.hosts.kurator"
  mv -f "$ROOT/etc/.hosts.kurator" "$ROOT/etc/hosts" 2>/dev/null || {
    cat "$ROOT/etc/.hosts.kurator" >"$ROOT/etc/hosts"
    rm -f "$ROOT/etc/.hosts.kurator"
  }
  if has restorecon; then restorecon "$ROOT/etc/hosts" 2>/dev/null || :; fi
}

# hosts_set ADDRESS NAME: our line, at the end; without an address none.
hosts_set() {
  if [ ! -e "$ROOT/etc/hosts" ]; then
    [ -n "$1" ] || return 0
    remember /etc/hosts
  fi
  { hosts_without_ours; [ -z "$1" ] || printf '%s %s %s\n' "$1" "$2" "$(hosts_mark)"; } | hosts_write
}

# hosts_restore: the file as if we had never been there, but with what others wrote since.
hosts_restore() {
  [ -e "$ROOT/etc/hosts" ] || return 0
  if noted "hosts without end"; then printf %s "$(hosts_without_ours)"; else hosts_without_ours; fi | hosts_write
  if noted "file /etc/hosts" && [ ! -s "$ROOT/etc/hosts" ]; then rm -f "$ROOT/etc/hosts"; fi
}

# Says whose the machine is, before anything else is changed, and notes what was there before.
mkdir -p "$STATE"
chmod 755 "$STATE"
if [ -s "$STATE/owner" ]; then
  for key in kind name owner; do
    was=$(sed -n "s/^$key=//p" "$STATE/owner")
    case $key in kind) want=$KIND ;; name) want=$NAME ;; owner) want=$OWNER ;; esac
    [ "$was" = "$want" ] || fail claimed "$(tr '\n' ' ' <"$STATE/owner")"
  done
fi
owner | (umask 022 && cat >"$STATE/owner.new")
mv -f "$STATE/owner.new" "$STATE/owner"

# Directories that fill up at run time: what was absent goes as a whole, what was there goes back to this list.
note_tree() {
  if [ ! -d "$ROOT$1" ]; then
    note "tree absent $1"
    return 0
  fi
  case " $RUNTIME_TREES " in
    # What a runtime of somebody else's keeps there is its own.
    *" $1 "*) note "tree foreign $1" ;;
    *)
    mkdir -p "$STATE/trees"
    (cd "$ROOT$1" && find . -mindepth 1 -xdev | sort) >"$STATE/trees/$(printf %s "$1" | tr / _)"
    note "tree present $1"
    ;;
  esac
}

# unnoted PATTERN: whether no line of the notes begins so. Without notes there is nothing to search.
fresh=
[ -e "$STATE/before" ] || fresh=1
unnoted() { [ -n "$fresh" ] || ! grep -qE "^($1)" "$STATE/before"; }
[ -z "$fresh" ] || noted() { return 1; }

if [ -n "$fresh" ] || ! noted complete; then
  for tree in $OWN_TREES; do
    ! unnoted "tree (absent|present|foreign) $tree\$" || note_tree "$tree"
  done
  for path in $SHARED; do [ -d "$ROOT$path" ] || note "dir $path"; done
  for path in $OWN_FILES; do [ -e "$ROOT$path" ] || note "file $path"; done
  for key in $SYSCTLS; do
    file=$ROOT/proc/sys/$(printf %s "$key" | tr . /)
    [ ! -r "$file" ] || ! unnoted "sysctl $key " || note "sysctl $key $(cat "$file")"
  done
  for unit in containerd.service kubelet.service network-online.target; do
    unnoted "unit $unit " || continue
    enabled=$(systemctl is-enabled "$unit" 2>/dev/null || :)
    active=$(systemctl is-active "$unit" 2>/dev/null || :)
    note "unit $unit ${enabled:-none} ${active:-none}"
  done
  [ ! -r "$ROOT/proc/swaps" ] || sed 1d "$ROOT/proc/swaps" | while read -r device _; do note "swap $device"; done
  for command in iptables-save ip6tables-save; do
    has "$command" || continue
    "$command" 2>/dev/null | sed -n 's/^\*/table '"$command"' /p' | while IFS= read -r line; do note "$line"; done
  done
  for module in $MODULES; do
    [ -d "$ROOT/sys/module/$module" ] || note "module absent $module"
  done
  for link in "$ROOT"/sys/class/net/*; do
    [ ! -e "$link" ] || note "link ${link##*/}"
  done
  if has ctr; then
    if ctr namespaces ls -q 2>/dev/null | grep -qx k8s.io; then note "images present"; else note "images absent"; fi
  fi
  if [ -s "$ROOT/etc/hosts" ] && [ -n "$(tail -c 1 "$ROOT/etc/hosts")" ]; then note "hosts without end"; fi
  note complete
fi
say claimed

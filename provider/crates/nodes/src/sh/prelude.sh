# Shared by all scripts. ROOT is empty on machines and a directory in tests; every path is below it.
STATE=$ROOT/etc/kurator

# An answer: one line that the caller reads, whatever else a command prints.
say() { printf 'kurator:%s\n' "$*"; }
# The end: KIND says what to make of it, the rest is for people.
fail() { say "failed $*"; exit 3; }
has() { command -v "$1" >/dev/null 2>&1; }

# What was there before we came, one line each; a line is written before the change that it is about.
noted() { grep -qxF -- "$1" "$STATE/before" 2>/dev/null; }
note() { noted "$1" || printf '%s\n' "$1" >>"$STATE/before"; }
kept() { printf '%s\n' "$STATE/kept$1"; }

# own_dir PATH: makes a directory, and notes every part of the way that was missing.
own_dir() {
  if [ -z "$1" ] || [ -d "$ROOT$1" ]; then return 0; fi
  own_dir "${1%/*}"
  note "dir $1"
  mkdir "$ROOT$1"
}

# remember PATH: before the first change of a file, keeps what was there or notes that nothing was.
remember() {
  if noted "file $1" || noted "kept $1"; then return 0; fi
  if [ -e "$ROOT$1" ] || [ -L "$ROOT$1" ]; then
    mkdir -p "$(dirname "$(kept "$1")")"
    cp -pP "$ROOT$1" "$(kept "$1").new"
    mv -f "$(kept "$1").new" "$(kept "$1")"
    note "kept $1"
  else
    own_dir "${1%/*}"
    note "file $1"
  fi
}

# give_back PATH: the file as it was before us.
give_back() {
  if noted "kept $1" && [ -e "$(kept "$1")" ]; then
    mkdir -p "$(dirname "$ROOT$1")"
    cp -pP "$(kept "$1")" "$ROOT$1.kurator"
    mv -f "$ROOT$1.kurator" "$ROOT$1"
  elif noted "file $1"; then
    rm -f "$ROOT$1"
  fi
  drop_prepared "$1"
}

# Digests of what we wrote, as sha256sum writes them: whoever looks later finds what somebody changed.
drop_prepared() {
  [ -e "$STATE/prepared" ] || return 0
  awk -v path="$1" 'substr($0, 67) != path' "$STATE/prepared" >"$STATE/prepared.new"
  mv -f "$STATE/prepared.new" "$STATE/prepared"
}

CHANGED=
WRITTEN=
# put PATH MODE <CONTENT: writes a file in one go. CHANGED holds the paths whose content is new.
put() {
  remember "$1"
  own_dir "${1%/*}"
  (umask 077 && cat >"$ROOT$1.kurator")
  chmod "$2" "$ROOT$1.kurator"
  WRITTEN="$WRITTEN $1 "
  if [ -f "$ROOT$1" ] && cmp -s "$ROOT$1" "$ROOT$1.kurator"; then
    chmod "$2" "$ROOT$1"
    rm -f "$ROOT$1.kurator"
  else
    mv -f "$ROOT$1.kurator" "$ROOT$1"
    CHANGED="$CHANGED $1 "
  fi
  drop_prepared "$1"
  digest=$(sha256sum <"$ROOT$1")
  printf '%s  %s\n' "${digest%% *}" "$1" >>"$STATE/prepared"
  # A file that is moved keeps the label of where it was made; where there is SELinux, it gets the right one.
  if has restorecon; then restorecon "$ROOT$1" 2>/dev/null || :; fi
}
changed() { case "$CHANGED" in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# put_secret PATH <CONTENT: root's eyes only, noted nowhere, removed by whoever used it.
put_secret() {
  mkdir -p "$(dirname "$ROOT$1")"
  rm -f "$ROOT$1.kurator"
  (umask 077 && cat >"$ROOT$1.kurator")
  mv -f "$ROOT$1.kurator" "$ROOT$1"
}

# The last lines of a log, without tokens and keys.
excerpt() {
  [ -e "$1" ] || return 0
  tail -n "${2:-20}" "$1" | sed -e 's/[a-z0-9]\{6\}\.[a-z0-9]\{16\}/[token]/g' -e 's/[0-9a-f]\{64\}/[hex]/g' |
    while IFS= read -r line; do say "log $line"; done
}

# A page, by whatever of the two is there. Only for what proves itself otherwise.
get() {
  if has curl; then curl -fsSL --connect-timeout 10 --max-time "${2:-60}" "$1"
  else wget -q -T 10 -O - "$1"; fi
}

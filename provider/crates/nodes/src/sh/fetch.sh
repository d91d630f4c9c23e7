# Brings the artifacts that are missing: to a temporary name, checked, then renamed.
WORK=$ROOT/var/lib/kurator/download
own_dir /var/lib/kurator
mkdir -p "$WORK"
has curl || has wget || fail tool "curl or wget"

download() {
  if has curl; then curl -fsSL --connect-timeout 20 --speed-limit 1024 --speed-time 60 --retry 3 -o "$2" "$1"
  else wget -q -T 60 -t 4 -O "$2" "$1"; fi
}

# The digest of FILE in what is published beside it: a bare one, or lines of digest and name.
digest_of() {
  awk -v file="$1" '
    NF == 1 && length($1) == 64 {print $1; exit}
    {name = $2; sub(/^\*/, "", name); sub(/.*\//, "", name)}
    name == file && length($1) == 64 {print $1; exit}' "$2"
}

# present NAME URL DIGEST DESTINATION: whether this very artifact is there already.
present() {
  [ -r "$STATE/installed" ] && [ -e "$ROOT$4" ] || return 1
  awk -v name="$1" -v url="$2" -v digest="$3" \
    '$1 == name && $2 == url && (digest == "" || $3 == digest) {found = 1} END {exit !found}' "$STATE/installed"
}

# bring NAME URL DIGEST SUMS PUBLISHED: fetches and checks one artifact; its digest goes into NAME.sha256.
# PUBLISHED is the file's own name, which a mirror may have changed in the URL.
bring() {
  partial=$WORK/$1.partial
  rm -f "$WORK/$1" "$WORK/$1.sha256"
  download "$2" "$partial" || fail fetch "$1 $2"
  want=$3
  if [ -z "$want" ]; then
    download "$4" "$WORK/$1.sums" || fail checksum "$1 $4"
    want=$(digest_of "$5" "$WORK/$1.sums")
    rm -f "$WORK/$1.sums"
    [ -n "$want" ] || fail checksum "$1 $4"
  fi
  got=$(sha256sum <"$partial" | cut -d' ' -f1)
  if [ "$got" != "$want" ]; then
    rm -f "$partial"
    fail mismatch "$1 $2 $want $got"
  fi
  printf '%s\n' "$got" >"$WORK/$1.sha256"
  mv -f "$partial" "$WORK/$1"
}

# settle FILE DESTINATION: a program at its place. A program that runs keeps the file that it runs from.
settle() {
  remember "$2"
  own_dir "$(dirname "$2")"
  chmod 755 "$1"
  chown 0:0 "$1" 2>/dev/null || :
  cp "$1" "$ROOT$2.kurator"
  chmod 755 "$ROOT$2.kurator"
  mv -f "$ROOT$2.kurator" "$ROOT$2"
  rm -f "$1"
}

installed() {
  { [ ! -e "$STATE/installed" ] || awk -v name="$1" '$1 != name' "$STATE/installed"; } >"$STATE/installed.new"
  printf '%s %s %s\n' "$1" "$2" "$3" >>"$STATE/installed.new"
  mv -f "$STATE/installed.new" "$STATE/installed"
  say installed "$1 $2 $3"
}

# start NAME URL DIGEST SUMS PUBLISHED KIND DESTINATION WITNESS: in the background, all at a time.
STARTED=
start() {
  ! present "$1" "$2" "$3" "$8" || return 0
  STARTED="$STARTED $1"
  (bring "$1" "$2" "$3" "$4" "$5") >"$WORK/$1.said" 2>"$WORK/$1.log" &
  eval "pid_$1=$!"
}

# finish NAME URL DIGEST SUMS PUBLISHED KIND DESTINATION WITNESS: in order; the first that failed ends the script.
finish() {
  case " $STARTED " in *" $1 "*) ;; *) return 0 ;; esac
  eval "pid=\$pid_$1"
  # shellcheck disable=SC2154 # Set by the line above.
  if ! wait "$pid"; then
    cat "$WORK/$1.said"
    excerpt "$WORK/$1.log" 5
    FAILED=1
    return 0
  fi
  case $6 in
    program) settle "$WORK/$1" "$7" ;;
    archive)
      rm -rf "$WORK/$1.d"
      mkdir "$WORK/$1.d"
      tar -xzf "$WORK/$1" -C "$WORK/$1.d" || fail unpack "$1"
      # Upstream's archives hold programs at the top or in bin, and nothing that we want elsewhere.
      for file in "$WORK/$1.d"/* "$WORK/$1.d"/bin/*; do
        [ ! -f "$file" ] || [ ! -x "$file" ] || settle "$file" "$7/${file##*/}"
      done
      [ -e "$ROOT$8" ] || fail unpack "$1"
      rm -rf "${WORK:?}/$1.d" "${WORK:?}/$1"
      ;;
  esac
  installed "$1" "$2" "$(cat "$WORK/$1.sha256")"
}

FAILED=
start_all
finish_all
rm -rf "$WORK"
[ -z "$FAILED" ] || exit 3
say fetched

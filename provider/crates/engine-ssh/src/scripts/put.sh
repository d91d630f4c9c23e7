# Writes the $2 bytes that follow on standard input to $1: beside it, with mode $3 and owner $4, and then renamed.
kurator_put() {
  path=$1 length=$2 mode=$3 owner=$4
  new=$path.kurator-part
  if [ -d "$path" ]; then
    echo "it is a folder" >&2
    exit 1
  fi
  # Nobody else may read a byte of it, and what somebody put in its place beforehand is not written to.
  umask 077
  rm -f -- "$new"
  set -C
  if head -c "$length" >"$new" && [ "$(wc -c <"$new")" -eq "$length" ] &&
    { [ -z "$owner" ] || chown -- "$owner" "$new"; } && chmod "$mode" -- "$new" && sync "$new" &&
    mv -f -- "$new" "$path"; then
    exit 0
  fi
  rm -f -- "$new"
  exit 1
}

# Gives the file $1, unless it is larger than $2 bytes. Status 44 says that there is none.
kurator_get() {
  path=$1 most=$2
  if ! problem=$(LC_ALL=C ls -dL -- "$path" 2>&1 >/dev/null); then
    case $problem in
      *"No such file or directory" | *"Not a directory") exit 44 ;;
    esac
    printf '%s\n' "$problem" >&2
    exit 1
  fi
  if [ ! -f "$path" ]; then
    echo "it is no file" >&2
    exit 1
  fi
  size=$(wc -c <"$path") || exit 1
  if [ "$size" -gt "$most" ]; then
    echo "it has $size bytes, and $most are the most that are fetched" >&2
    exit 1
  fi
  cat -- "$path"
  exit "$?"
}

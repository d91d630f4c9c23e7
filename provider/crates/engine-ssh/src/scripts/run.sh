# Runs the script of $2 bytes that follows on standard input, as a session of its own with empty standard input.
# Without a name ($3) it ends with the connection. With one it goes on when the connection is lost; a second of that
# name is told that the first is busy, and the same call ($4) finds its result again.
# What comes after the script on standard input is an order: any line ends it, `received` lets its result be forgotten.
kurator_run() {
  token=$1 length=$2 name=$3 call=$4
  exec 3<&0 </dev/null
  script=$(head -c "$length" <&3)
  # Cut off on the way: nothing of it is run.
  case $script in *"#$token") ;; *) exit 1 ;; esac
  inner='umask 022; export LC_ALL=C; script=$(cat); exec </dev/null; eval "$script"'

  if [ -z "$name" ]; then
    printf '%s\n' "$script" | setsid sh -c "$inner" 3<&- &
    kurator_attend
    exit "$status"
  fi

  place=/run/kurator
  [ "$(id -u)" = 0 ] || place=${XDG_RUNTIME_DIR:-$HOME/.cache}/kurator
  (umask 077 && mkdir -p "$place") || exit 1
  run=$place/$name
  exec 9>>"$run.lock"
  flock -n 9 || { printf '\n%s busy\n' "$token" >&2; exit 75; }
  if [ -e "$run.status" ] && [ "$(cat "$run.call")" = "$call" ]; then
    status=$(cat "$run.status")
    exec 4>&2
  else
    rm -f "$run.call" "$run.out" "$run.err" "$run.status"
    (umask 077 && : >"$run.out" && : >"$run.err" && printf '%s' "$call" >"$run.call") || exit 1
    printf '%s\n' "$script" | setsid sh -c "$inner" 3<&- 9>&- >"$run.out" 2>"$run.err" &
    kurator_attend
    (umask 077 && printf '%s' "$status" >"$run.status")
  fi
  # Opened before the lock is given back: whoever takes it may put other files in their place.
  exec 5<"$run.out" 6<"$run.err"
  size=$(wc -c <"$run.out")
  exec 9>&-
  cat <&5
  cat <&6 >&4
  printf '\n%s done %s %s\n' "$token" "$status" $size >&4
  if IFS= read -r order <&3 && [ "$order" = received ]; then
    exec 9>>"$run.lock"
    flock -n 9 && [ "$(cat "$run.call")" = "$call" ] && rm -f "$run.call" "$run.out" "$run.err" "$run.status"
  fi
  exit "$status"
}

# Waits for the job that was begun last, and meanwhile for an order.
kurator_attend() {
  job=$!
  script=
  exec 4>&2 2>/dev/null
  {
    if IFS= read -r order <&3 || [ -z "$name" ]; then
      kill -s TERM -- "-$job"
      sleep 5
      kill -s KILL -- "-$job"
    fi
  } >/dev/null 4>&- 9>&- &
  watcher=$!
  wait "$job"
  status=$?
  kill "$watcher"
  # Ended by order: nothing that it started outlives it.
  [ "$status" -ne 143 ] || kill -s KILL -- "-$job"
}

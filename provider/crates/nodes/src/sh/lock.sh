# One at a time: whoever changes the cluster holds this, for as long as it says so again. A holder that is gone has
# said its last, and nobody has to break anything. By the machine's own clock that no one sets.
LOCK=$ROOT/run/kurator.lock
if [ ! -e "$LOCK" ] && { [ -n "$AWAY" ] || { [ -n "$RENEWED" ] && [ ! -d "$STATE" ]; }; }; then
  # A machine that is forgotten has no lock any more, and gets none for a moment either.
  say locked
  exit 0
fi
mkdir -p "$ROOT/run"
exec 9>>"$LOCK"
has flock || fail tool flock
flock -w 10 9 || fail lock "the file is held"
now=$(cut -d. -f1 "$ROOT/proc/uptime")
holder= until=0 who=
IFS=' ' read -r holder until who <"$LOCK" || :
case $until in '' | *[!0-9]*) holder= ;; esac
if [ "$holder" = "$HOLDER" ]; then holder=; fi
if [ -n "$holder" ] && [ "$until" -gt "$now" ]; then
  say held "$holder $until $who"
  exit 0
fi
[ -z "$AWAY" ] || rm -f "$LOCK"
if [ -n "$AWAY" ]; then :; elif [ "$LEASE" = 0 ]; then : >"$LOCK"; else printf '%s %s %s\n' "$HOLDER" "$((now + LEASE))" "$WHO" >"$LOCK"; fi
say locked

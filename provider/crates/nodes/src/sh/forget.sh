# The last of all: what steps were found again by, the lock, the notes, and last of these the mark. As long as it is
# there, all that comes before is tried again.
rm -rf "$ROOT/run/kurator" "$ROOT/run/kurator.lock"
[ ! -d "$STATE" ] || find "$STATE" -mindepth 1 ! -path "$STATE/owner" -delete
rm -rf "$STATE"
say forgotten

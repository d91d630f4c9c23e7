# once STEP FILE COMMAND: runs a command of the machine's own, detached from us, so that a connection that drops
# stops nothing and starts nothing twice. FILE holds secrets and goes when the command ends, whatever its end.
RUN=$STATE/run
LOG=$ROOT/var/log/kurator

# follow STEP: waits for the end of a step that runs. It leaves its code as the last thing it does; systemd, which takes
# far longer to answer than a file to be found, is asked now and then for one that was ended by force.
follow() {
  looks=0
  until [ -e "$RUN/$1.code" ]; do
    [ $((looks % 10)) -ne 0 ] || systemctl is-active -q "kurator-$1.service" || break
    looks=$((looks + 1))
    sleep 0.2
  done
  while systemctl is-active -q "kurator-$1.service"; do sleep 0.2; done
}

once() {
  step=$1 secret=$2
  shift 2
  own_dir /var/log/kurator
  chmod 700 "$LOG"
  mkdir -p "$RUN"
  rm -f "$RUN/$step.done" "$RUN/$step.code"
  # A file, because systemd looks for variables of its own in arguments.
  cat >"$RUN/once" <<'ONCE'
umask 077
log=$1 run=$2 step=$3 secret=$4 environment=$5
shift 5
trap 'rm -f "$secret"' EXIT
if [ -r "$environment" ]; then set -a; . "$environment"; set +a; fi
code=0
"$@" >"$log/$step.log" 2>&1 </dev/null || code=$?
[ $code != 0 ] || : >"$run/$step.done"
echo $code >"$run/$step.code"
ONCE
  systemctl reset-failed "kurator-$step.service" 2>/dev/null || :
  systemd-run --quiet --unit="kurator-$step" --setenv=PATH="$PATH" --setenv=HOME=/root \
    /bin/sh "$RUN/once" "$LOG" "$RUN" "$step" "$secret" "$STATE/proxy.env" "$@" >/dev/null 2>&1 ||
    fail "$step" "systemd does not start it"
  follow "$step"
}

# ended STEP: whether it came to a good end; its log is told where not.
ended() {
  [ ! -e "$RUN/$1.done" ] || { rm -f "$LOG/$1.log"; return 0; }
  excerpt "$LOG/$1.log" 25
  fail "$1" "it ended with $(cat "$RUN/$1.code" 2>/dev/null || echo no code)"
}

# The digest of an authority in a kubeconfig or a certificate: that of the certificate's text.
ca_of_file() { sed -n 's/^ *certificate-authority-data: *//p' "$1" | sed -n 1p | base64 -d | sha256sum | cut -d' ' -f1; }

# ask URL: a page whose certificate nobody here can check yet.
ask() {
  if has curl; then curl -fsSk --noproxy '*' --connect-timeout 2 --max-time 5 "$1"
  else wget -q --no-proxy --no-check-certificate -T 5 -t 1 -O - "$1"; fi
}

# The first control plane: kubeadm init, once. A run that was cut off is carried on where it can be.
[ -s "$STATE/owner" ] || fail unclaimed "the machine bears no mark"
CONFIG=/etc/kurator/init.yaml
CONF=$ROOT/etc/kubernetes/admin.conf
how=ran
kube() { kubectl --kubeconfig "$CONF" --request-timeout=10s "$@"; }

rm -f "$ROOT$CONFIG.kurator"
if systemctl is-active -q kurator-init.service; then
  how=joined-in
  follow init
fi
rm -f "$ROOT$CONFIG"

if [ ! -e "$RUN/init.done" ] || [ ! -e "$CONF" ]; then
  init_config | put_secret "$CONFIG"
  trap 'rm -f "$ROOT$CONFIG"' EXIT
  write_files
  if [ -n "$ENCRYPTION" ] && [ ! -s "$ROOT/etc/kubernetes/kurator/encryption.yaml" ]; then
    # The key is made here and never leaves the machine.
    mkdir -p "$ROOT/etc/kubernetes/kurator"
    chmod 700 "$ROOT/etc/kubernetes/kurator"
    encryption_config | sed "s|@KEY@|$(head -c 32 /dev/urandom | base64 | tr -d '\n')|" |
      put_secret /etc/kubernetes/kurator/encryption.yaml
  fi
  if [ -e "$CONF" ] && kube get --raw /readyz >/dev/null 2>&1; then
    # It was cut off after the API came up: what is left of it may be said again without harm.
    how=carried-on
    mkdir -p "$RUN"
    for phase in "upload-config all" "mark-control-plane" "bootstrap-token" "kubelet-finalize all" "addon $ADDON"; do
      # shellcheck disable=SC2086 # Words on purpose.
      kubeadm init phase $phase --config "$ROOT$CONFIG" >"$RUN/phase.log" 2>&1 || {
        excerpt "$RUN/phase.log"
        rm -f "$RUN/phase.log"
        fail init "phase $phase"
      }
    done
    rm -f "$RUN/phase.log"
    : >"$RUN/init.done"
  else
    if [ -e "$CONF" ] || [ -n "$(ls -A "$ROOT/etc/kubernetes/pki" 2>/dev/null)" ] || [ -d "$ROOT/var/lib/etcd/member" ]; then
      # It was cut off before the API answered. Nobody can have joined, so it starts over.
      kubeadm reset -f --cri-socket "$CRI_SOCKET" >/dev/null 2>&1 || :
      rm -rf "$ROOT/etc/kubernetes/tmp" "$ROOT/var/lib/etcd/member"
      write_files
      mkdir -p "$ROOT/etc/kubernetes/manifests"
      how=started-over
    fi
    once init "$ROOT$CONFIG" kubeadm init --config "$ROOT$CONFIG"
  fi
fi
ended init
# The token that kubeadm makes by itself is nobody's.
kube -n kube-system delete secrets --field-selector type=bootstrap.kubernetes.io/token >/dev/null 2>&1 || :
rm -rf "$ROOT/etc/kubernetes/tmp"
say ca "$(sha256sum <"$ROOT/etc/kubernetes/pki/ca.crt" | cut -d' ' -f1)"
say initialized "$how"

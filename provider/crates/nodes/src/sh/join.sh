# A machine joins: kubeadm join, once.
[ -s "$STATE/owner" ] || fail unclaimed "the machine bears no mark"
CONFIG=/etc/kurator/join.yaml
CONF=$ROOT/etc/kubernetes/kubelet.conf
how=ran

rm -f "$ROOT$CONFIG.kurator"
if systemctl is-active -q kurator-join.service; then
  how=joined-in
  follow join
fi
rm -f "$ROOT$CONFIG"

if [ -e "$RUN/join.done" ] && [ -e "$CONF" ] && [ "$(ca_of_file "$CONF")" = "$CA" ]; then
  systemctl start kubelet
else
  join_config | put_secret "$CONFIG"
  trap 'rm -f "$ROOT$CONFIG"' EXIT
  write_files
  if [ -e "$CONF" ] || [ -e "$ROOT/etc/kubernetes/bootstrap-kubelet.conf" ] || [ -e "$ROOT/var/lib/kubelet/config.yaml" ]; then
    # A join that was cut off, or a membership of long ago.
    kubeadm reset -f --cri-socket "$CRI_SOCKET" >/dev/null 2>&1 || :
    write_files
    mkdir -p "$ROOT/etc/kubernetes/manifests"
    how=started-over
  fi
  # kubeadm asks for the token's signature every five seconds; asking more often is cheaper than its first miss.
  # Nothing here is trusted: kubeadm checks signature and authority itself.
  reached=
  left=$((WAIT_SECONDS * 4))
  while [ $left -gt 0 ]; do
    info=$(ask "https://$ENDPOINT/api/v1/namespaces/kube-public/configmaps/cluster-info" 2>/dev/null) && reached=1
    case "${info:-}" in *"jws-kubeconfig-$TOKEN_ID"*) break ;; esac
    left=$((left - 1))
    sleep 0.25
  done
  [ -n "$reached" ] || fail unreachable "$ENDPOINT"
  [ $left -gt 0 ] || fail unsigned "$TOKEN_ID"
  once join "$ROOT$CONFIG" kubeadm join --config "$ROOT$CONFIG"
fi
ended join
say joined "$how"

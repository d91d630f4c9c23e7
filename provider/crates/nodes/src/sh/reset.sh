# The machine leaves its cluster: kubeadm reset. Safe on a machine that never joined.
for step in init join; do
  systemctl stop "kurator-$step.service" 2>/dev/null || :
  systemctl reset-failed "kurator-$step.service" 2>/dev/null || :
done
rm -f "$STATE/init.yaml" "$STATE/join.yaml"
systemctl stop kurator-renew.timer kurator-renew.service 2>/dev/null || :
if has kubeadm && [ -d "$ROOT/etc/kubernetes" ]; then
  mkdir -p "$STATE"
  kubeadm reset -f --cleanup-tmp-dir --cri-socket "$CRI_SOCKET" >"$STATE/reset.log" 2>&1 || {
    excerpt "$STATE/reset.log"
    rm -f "$STATE/reset.log"
    fail reset "kubeadm reset"
  }
  rm -f "$STATE/reset.log"
fi
systemctl stop kubelet 2>/dev/null || :
rm -rf "$ROOT/etc/kubernetes/tmp" "$ROOT/etc/kubernetes/kurator/encryption.yaml" "$STATE/run"
say reset

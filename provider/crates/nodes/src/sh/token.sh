# A token for machines that join now. What this prints is secret.
line=$(kubeadm token create --kubeconfig "$ROOT/etc/kubernetes/admin.conf" --ttl "$TTL" --print-join-command 2>"$STATE/token.log") || {
  excerpt "$STATE/token.log" 5
  rm -f "$STATE/token.log"
  fail token "kubeadm makes none"
}
rm -f "$STATE/token.log"
say token "$line"

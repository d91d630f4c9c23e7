# Takes a token back. Its id is no secret.
kubeadm token delete --kubeconfig "$ROOT/etc/kubernetes/admin.conf" "$TOKEN_ID" >/dev/null 2>&1 || :
say untokened

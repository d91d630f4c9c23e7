# Whether the cluster that this machine is a node of answers it. It is asked with the kubelet's own credentials, which
# no other cluster that may have come to its address accepts or proves itself to.
answer=no
if has kubectl && timeout "$PATIENCE" kubectl --kubeconfig "$ROOT/etc/kubernetes/kubelet.conf" get --raw /livez >/dev/null 2>&1
then answer=yes; fi
say alive "$answer"
say end alive

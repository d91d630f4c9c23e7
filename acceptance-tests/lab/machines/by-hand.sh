#!/bin/bash
# A cluster as somebody would make it by hand: the same kubeadm commands in the same order, and nothing checked, kept or
# repaired. What the provider's own time is compared with.
#
#   by-hand.sh ENVIRONMENT MACHINE...     ENVIRONMENT: a file with what `lab env` prints; the first machine is the
#                                         control plane, the others are workers
# Prints `STEP SECONDS`, one line a step; `total` is without the downloads.
set -euo pipefail
environment=$1
shift
first=$1 all=("$@") workers=("${@:2}")

get() { # PATH.TO.VALUE, keys separated by a slash
  python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))["machines"]
for key in sys.argv[2].split("/"): value = value[key]
print(value)' "$environment" "$1"
}
address() { get "hosts/$1"; }
scratch=$(mktemp -d)
close() {
  for machine in "${all[@]}"; do
    ssh -q -o ControlPath="$scratch/%r-%h" -O exit "admin@$(address "$machine")" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap close EXIT
options=(-q -F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile="$(get known_hosts)" -i "$(get key)"
  -o ControlMaster=auto -o ControlPath="$scratch/%r-%h" -o ControlPersist=60)
on() { # MACHINE COMMAND...: as root, input is handed on
  local machine=$1
  shift
  ssh "${options[@]}" "admin@$(address "$machine")" sudo -n "$@"
}
each() { # FUNCTION MACHINE...: for all at once
  local function=$1 machine jobs=()
  shift
  for machine; do
    "$function" "$machine" > "$scratch/$function-$machine.log" 2>&1 &
    jobs+=("$!:$machine")
  done
  for machine in "${jobs[@]}"; do
    wait "${machine%%:*}" || { tail -n 30 "$scratch/$function-${machine##*:}.log" >&2; exit 1; }
  done
}
now() { date +%s%N; }
lap() { # STEP BEGIN
  awk -v step="$1" -v begin="$2" -v end="$(now)" 'BEGIN { printf "%s %.1f\n", step, (end - begin) / 1e9 }'
}

kubernetes=$(get services/versions/kubernetes) registry=$(get services/registry)
containerd=$(get services/versions/containerd) runc=$(get services/versions/runc) plugins=$(get services/versions/cni_plugins)
releases=$(get services/mirrors/github.com)
pods=10.244.0.0/16

download() {
  on "$1" bash -s <<T
set -euo pipefail
cd /usr/local/bin
fetch() { curl -fsS -o "\$2" "\$1"; }
for name in kubeadm kubelet kubectl; do
  fetch "$(get services/mirrors/dl.k8s.io)/release/v$kubernetes/bin/linux/amd64/\$name" \$name
  echo "\$(curl -fsS "$(get services/mirrors/dl.k8s.io)/release/v$kubernetes/bin/linux/amd64/\$name.sha256")  \$name" | sha256sum -c -
done
cd /usr/local
fetch "$releases/containerd/containerd/releases/download/v$containerd/containerd-$containerd-linux-amd64.tar.gz" containerd-$containerd-linux-amd64.tar.gz
curl -fsS "$releases/containerd/containerd/releases/download/v$containerd/containerd-$containerd-linux-amd64.tar.gz.sha256sum" | sha256sum -c -
tar -xzf containerd-$containerd-linux-amd64.tar.gz && rm containerd-$containerd-linux-amd64.tar.gz
mkdir -p /usr/local/sbin /opt/cni/bin
fetch "$releases/opencontainers/runc/releases/download/v$runc/runc.amd64" runc.amd64
curl -fsS "$releases/opencontainers/runc/releases/download/v$runc/runc.sha256sum" | grep runc.amd64 | sha256sum -c -
mv runc.amd64 sbin/runc
fetch "$releases/containernetworking/plugins/releases/download/v$plugins/cni-plugins-linux-amd64-v$plugins.tgz" cni-plugins-linux-amd64-v$plugins.tgz
curl -fsS "$releases/containernetworking/plugins/releases/download/v$plugins/cni-plugins-linux-amd64-v$plugins.tgz.sha256" | sha256sum -c -
tar -xzf cni-plugins-linux-amd64-v$plugins.tgz -C /opt/cni/bin && rm cni-plugins-linux-amd64-v$plugins.tgz
chmod 755 bin/kube* sbin/runc
T
}

prepare() {
  on "$1" bash -s <<T
set -euo pipefail
printf 'overlay\nbr_netfilter\n' > /etc/modules-load.d/kubernetes.conf
modprobe overlay; modprobe br_netfilter
printf 'net.bridge.bridge-nf-call-iptables=1\nnet.bridge.bridge-nf-call-ip6tables=1\nnet.ipv4.ip_forward=1\n' > /etc/sysctl.d/kubernetes.conf
sysctl -q -p /etc/sysctl.d/kubernetes.conf
pause=\$(/usr/local/bin/kubeadm config images list --kubernetes-version v$kubernetes | grep /pause:)
mkdir -p /etc/containerd
cat > /etc/containerd/config.toml <<C
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '\$pause'
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = '/etc/containerd/certs.d'
[plugins.'io.containerd.cri.v1.runtime']
# Some machines may not make a process less likely to be killed.
restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = true
C
for host in registry.k8s.io docker.io; do
  mkdir -p /etc/containerd/certs.d/\$host
  printf 'server = "http://$registry"\n[host."http://$registry"]\ncapabilities = ["pull", "resolve"]\n' > /etc/containerd/certs.d/\$host/hosts.toml
done
cat > /etc/systemd/system/containerd.service <<C
[Unit]
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
LimitNOFILE=infinity
TasksMax=infinity
[Install]
WantedBy=multi-user.target
C
cat > /etc/systemd/system/kubelet.service <<'C'
[Unit]
After=containerd.service
[Service]
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml \$KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
StartLimitIntervalSec=0
[Install]
WantedBy=multi-user.target
C
mkdir -p /etc/kubernetes/manifests
systemctl daemon-reload
systemctl enable -q kubelet
systemctl enable -q --now containerd
T
}

initialise() {
  on "$first" bash -s <<T
set -euo pipefail
umask 077
cat > /etc/kubeadm.yaml <<C
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $(address "$first")}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$kubernetes
networking: {podSubnet: $pods}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
# Every node sees the disk of the machine that all of them run on.
imageGCHighThresholdPercent: 100
evictionHard: {nodefs.available: "0%", imagefs.available: "0%", nodefs.inodesFree: "0%", memory.available: "0%"}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
# The table is the machine's, too, and may not be set from a node.
conntrack: {maxPerCore: 0}
C
/usr/local/bin/kubeadm init --config /etc/kubeadm.yaml
T
}
kube() { on "$first" /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
pull() { on "$first" /usr/local/bin/kubeadm config images pull --kubernetes-version "v$kubernetes"; }
network() {
  sed -e "s|@POD_CIDR@|$pods|" -e "s|@API@|https://$(address "$first"):6443|" "$(get services/cni_stand_in)" | kube apply -f -
}
join() { on "$1" sh -c "'PATH=\$PATH:/usr/local/bin; exec $command'"; }

begin=$(now)
each download "${all[@]}"
lap downloads "$begin"
begin=$(now)
start=$begin
each prepare "${all[@]}"
lap prepare "$begin"
begin=$(now)
each pull "$first"
lap images "$begin"
begin=$(now)
each initialise "$first"
lap init "$begin"
begin=$(now)
each network "$first"
if [ ${#workers[@]} -gt 0 ]; then
  command=$(on "$first" sh -c "'PATH=\$PATH:/usr/local/bin kubeadm token create --print-join-command'")
  # Before the token is signed into what joining nodes read, they wait for five seconds at a time.
  token=$(grep -oE '[a-z0-9]{6}\.[a-z0-9]{16}' <<< "$command")
  for _ in {1..100}; do
    ! kube -n kube-public get configmap cluster-info -o yaml | grep "jws-kubeconfig-${token%%.*}" > /dev/null || break
  done
  each join "${workers[@]}"
fi
lap join "$begin"
begin=$(now)
kube wait node --all --for=condition=Ready --timeout=180s > /dev/null
lap ready "$begin"
lap total "$start"

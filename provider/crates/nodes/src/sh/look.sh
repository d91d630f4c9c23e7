# One look at the machine: changes nothing, and says what it sees as lines of a key and a value.
set +e
exec 2>/dev/null
see() { printf 'kurator:%s %s\n' "$1" "$(printf %s "$2" | tr '\n\r\t' '   ')"; }
first() { sed -n 1p "$1" || :; }

see clock "$(date +%s.%N)"
see uid "$(id -u)"
see machine "$(uname -m)"
see kernel "$(uname -r)"
see hostname "$(uname -n)"
see machine-id "$(first "$ROOT/etc/machine-id")"
if [ -r "$ROOT/etc/os-release" ]; then
  sed -nE 's/^(ID|ID_LIKE|VERSION_ID|PRETTY_NAME)=/\1 /p' "$ROOT/etc/os-release" | tr -d "\"'" |
    while IFS= read -r line; do see os "$line"; done
fi
[ ! -d "$ROOT/run/systemd/system" ] || see systemd yes
! has getenforce || see selinux "$(getenforce)"

# Kernel features, MODULE:OPTION, by evidence first; a dry run of modprobe changes nothing.
options() {
  if [ -r "$ROOT/proc/config.gz" ]; then gzip -dc "$ROOT/proc/config.gz"
  elif [ -r "$ROOT/boot/config-$(uname -r)" ]; then cat "$ROOT/boot/config-$(uname -r)"; fi
}
built_in=$(options | grep -E "^CONFIG_[A-Z_]+=y" || :)
feature() {
  [ ! -d "$ROOT/sys/module/${1%:*}" ] || return 0
  ! printf '%s\n' "$built_in" | grep -qx "CONFIG_${1#*:}=y" || return 0
  ! grep -qE "/${1%:*}\\.ko" "$ROOT/lib/modules/$(uname -r)/modules.builtin" || return 0
  modprobe -n -q "${1%:*}"
}
for name in $FEATURES; do feature "$name" || see missing "${name%:*}"; done

if [ -e "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
  see cgroup 2
  for name in $(cat "$ROOT/sys/fs/cgroup/cgroup.controllers"); do see controller "$name"; done
else
  see cgroup 1
  [ ! -r "$ROOT/proc/cgroups" ] || awk '!/^#/ && $4 == 1 {print "kurator:controller " $1}' "$ROOT/proc/cgroups"
fi

awk '$1 == "MemTotal:" {print "kurator:memory-kib " $2}' "$ROOT/proc/meminfo" || :
see cpus "$(getconf _NPROCESSORS_ONLN)"
for path in $PATHS; do
  there=$path
  while [ "$there" != / ] && [ ! -d "$ROOT$there" ]; do there=$(dirname "$there"); done
  see free-kib "$path $(df -Pk "$ROOT$there" | awk 'END {print $4}')"
done
[ ! -r "$ROOT/proc/swaps" ] || awk 'NR > 1 {print "kurator:swap " $1}' "$ROOT/proc/swaps"

! has ip || {
  ip -o addr show scope global | awk '{sub("/.*", "", $4); print "kurator:address " $4}'
  ip route get 1.1.1.1 | awk '{for (i = 1; i < NF; i++) if ($i == "src") print "kurator:default " $(i + 1)}'
} || :
for file in "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"; do
  [ ! -r "$file" ] || awk '$4 == "0A" {sub(".*:", "", $2); print "kurator:listens " $2}' "$file"
done
! has ss || ss -Hltnp | awk '{n = $4; sub(".*:", "", n); p = $0; if (sub(".*users:\\(\\(\"", "", p)) {sub("\".*", "", p); print "kurator:listener " n " " p}}' || :

# The file that the kubelet hands to pods: systemd-resolved keeps one with the real servers.
if systemctl is-active -q systemd-resolved && [ -r "$ROOT/run/systemd/resolve/resolv.conf" ]; then
  see resolved yes
  resolv=$ROOT/run/systemd/resolve/resolv.conf
else
  resolv=$ROOT/etc/resolv.conf
fi
[ ! -r "$resolv" ] || awk '$1 == "nameserver" {print "kurator:nameserver " $2}' "$resolv"

for tool in $TOOLS; do ! has "$tool" || see tool "$tool"; done

# Programs: where they are, what they say, and whether they came from us.
# A program of ours is not asked: which one it is, is noted; and some take a while to say it.
program() {
  path=$(command -v "$1") || return 0
  ours=theirs
  ! grep -qxF -e "file $path" -e "kept $path" "$STATE/before" || ours=ours
  version=
  if [ "$ours" = theirs ] && [ $# -gt 1 ]; then
    version=$(timeout 20 "$@" </dev/null | sed -n 's/.*[ v]\([0-9][0-9]*\.[0-9][0-9]*\.[0-9][^ ,]*\).*/\1/p' | sed -n 1p)
  fi
  see program "$1 $path $ours $version"
}
program containerd --version
program runc --version
program kubelet --version
program kubeadm
program kubectl
config=$ROOT/etc/containerd/config.toml
if [ -r "$config" ] && ! grep -qF "  /etc/containerd/config.toml" "$STATE/prepared"; then
  ! sed -n '/^[[:space:]]*disabled_plugins/,/\]/p' "$config" | grep -qE '"(cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.[a-z]+)"' || see cri-disabled yes
  see imports "$(sed -n 's/^[[:space:]]*imports[[:space:]]*=[[:space:]]*//p' "$config" | sed -n 1p)"
fi
for socket in /run/crio/crio.sock /run/cri-dockerd.sock; do [ ! -S "$ROOT$socket" ] || see other-runtime "$socket"; done

[ ! -r "$STATE/owner" ] || while IFS= read -r line; do see owner "$line"; done <"$STATE/owner"
[ ! -s "$STATE/preparation" ] || see preparation "$(first "$STATE/preparation")"
[ ! -r "$STATE/installed" ] || while IFS= read -r line; do see installed "$line"; done <"$STATE/installed"
if [ -r "$STATE/prepared" ]; then
  while read -r digest path; do
    see prepared "$path $digest"
    [ "$(sha256sum <"$ROOT$path" | cut -d' ' -f1)" = "$digest" ] || see altered "$path"
  done <"$STATE/prepared"
fi

# What of a cluster is here. An authority's certificate is no secret; nothing else of these files is told.
cluster_file() {
  [ -r "$ROOT/etc/kubernetes/$1.conf" ] || return 0
  server=$(sed -n 's/^ *server: *//p' "$ROOT/etc/kubernetes/$1.conf" | sed -n 1p)
  ca=$(sed -n 's/^ *certificate-authority-data: *//p' "$ROOT/etc/kubernetes/$1.conf" | sed -n 1p)
  [ -z "$ca" ] || ca=$(printf %s "$ca" | base64 -d | sha256sum | cut -d' ' -f1)
  see "$1" "$server $ca"
}
cluster_file admin
cluster_file kubelet
[ ! -r "$ROOT/etc/kubernetes/pki/ca.crt" ] || see ca "$(sha256sum <"$ROOT/etc/kubernetes/pki/ca.crt" | cut -d' ' -f1)"
for step in init join; do
  [ ! -e "$STATE/run/$step.done" ] || see "done" "$step"
  ! systemctl is-active -q "kurator-$step.service" || see running "$step"
done
[ ! -d "$ROOT/var/lib/etcd/member" ] || see etcd yes
for file in "$ROOT"/etc/kubernetes/manifests/*.yaml; do
  [ ! -e "$file" ] || { file=${file##*/}; see static-pod "${file%.yaml}"; }
done
see kubelet-unit "$(systemctl is-active kubelet)"
see end look

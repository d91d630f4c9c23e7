# One look at the machine: changes nothing, and says what it sees as lines of a key and a value.
# Starting a program costs a machine more than all else here, and many machines may share one: what the shell can do
# itself it does, and a program is asked once for all that it knows.
set +e
exec 2>/dev/null
LINE='
'
TAB='	'
RETURN=$(printf '\r')
see() {
  case $2 in *"$LINE"* | *"$TAB"* | *"$RETURN"*) set -- "$1" "$(printf %s "$2" | tr '\n\r\t' '   ')" ;; esac
  printf 'kurator:%s %s\n' "$1" "$2"
}
# see_first KEY FILE: the first line of it.
see_first() {
  line=
  IFS= read -r line <"$2"
  see "$1" "$line"
}
# see_lines KEY FILE: every whole line of it.
see_lines() {
  [ ! -r "$2" ] || while IFS= read -r line; do see "$1" "$line"; done <"$2"
}

see clock "$(date +%s.%N)"
see uid "$(id -u)"
# The order in which it says them is its own.
set -- $(uname -nrm)
kernel=${2-}
see hostname "${1-}"
see kernel "$kernel"
see machine "${3-}"
see_first machine-id "$ROOT/etc/machine-id"
if [ -r "$ROOT/etc/os-release" ]; then
  while IFS='=' read -r key value || [ -n "$key" ]; do
    case $key in
    ID | ID_LIKE | VERSION_ID | PRETTY_NAME)
      value=${value#[\"\']}
      see os "$key ${value%[\"\']}"
      ;;
    esac
  done <"$ROOT/etc/os-release"
fi
[ ! -d "$ROOT/run/systemd/system" ] || see systemd yes
! has getenforce || see selinux "$(getenforce)"

# Kernel features, MODULE:OPTION, by evidence first; a dry run of modprobe changes nothing.
unproven=
modules=
options=
for name in $FEATURES; do
  [ -d "$ROOT/sys/module/${name%:*}" ] || {
    unproven="$unproven $name"
    modules="$modules|${name%:*}"
    options="$options|${name#*:}"
  }
done
if [ -n "$unproven" ]; then
  built_in=$(
    options="^CONFIG_(${options#|})=y"
    if [ -r "$ROOT/proc/config.gz" ]; then gzip -dc "$ROOT/proc/config.gz" | grep -E "$options"
    elif [ -r "$ROOT/boot/config-$kernel" ]; then grep -E "$options" "$ROOT/boot/config-$kernel"; fi
    grep -E "/(${modules#|})\\.ko" "$ROOT/lib/modules/$kernel/modules.builtin"
  )
  for name in $unproven; do
    case "$LINE$built_in$LINE" in
    *"${LINE}CONFIG_${name#*:}=y$LINE"* | *"/${name%:*}.ko"*) ;;
    *) modprobe -n -q "${name%:*}" || see missing "${name%:*}" ;;
    esac
  done
fi

if [ -e "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
  see cgroup 2
  line=
  IFS= read -r line <"$ROOT/sys/fs/cgroup/cgroup.controllers"
  for name in $line; do see controller "$name"; done
else
  see cgroup 1
  [ ! -r "$ROOT/proc/cgroups" ] || while read -r name _ _ enabled _; do
    case $name$enabled in \#*) ;; *1) see controller "$name" ;; esac
  done <"$ROOT/proc/cgroups"
fi

[ ! -r "$ROOT/proc/meminfo" ] || while read -r key value _; do
  [ "$key" != MemTotal: ] || { see memory-kib "$value"; break; }
done <"$ROOT/proc/meminfo"
see cpus "$(getconf _NPROCESSORS_ONLN)"
asked=none
for path in $PATHS; do
  there=$path
  while [ -n "$there" ] && [ ! -d "$ROOT$there" ]; do there=${there%/*}; done
  if [ "$there" != "$asked" ]; then
    asked=$there
    said=$(df -Pk "$ROOT$there/")
    set -- ${said#*"$LINE"}
  fi
  see free-kib "$path ${4-}"
done
[ ! -r "$ROOT/proc/swaps" ] || while read -r name _; do
  [ "$name" = Filename ] || see swap "$name"
done <"$ROOT/proc/swaps"

! has ip || {
  ip -o addr show scope global | while read -r _ _ _ address _; do see address "${address%%/*}"; done
  set -- $(ip route get 1.1.1.1)
  while [ $# -gt 1 ]; do
    [ "$1" != src ] || see default "$2"
    shift
  done
}
set --
for file in "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"; do [ ! -r "$file" ] || set -- "$@" "$file"; done
[ $# -eq 0 ] || awk '$4 == "0A" {sub(".*:", "", $2); print "kurator:listens " $2}' "$@"
! has ss || ss -Hltnp | awk '{n = $4; sub(".*:", "", n); p = $0; if (sub(".*users:\\(\\(\"", "", p)) {sub("\".*", "", p); print "kurator:listener " n " " p}}'

# One word for each, in this order.
set -- $(systemctl is-active systemd-resolved.service kurator-init.service kurator-join.service kubelet.service)
resolved=${1-} init=${2-} join=${3-} kubelet=${4-}
is_active() { case $1 in active | reloading) return 0 ;; *) return 1 ;; esac; }

# The file that the kubelet hands to pods: systemd-resolved keeps one with the real servers.
if is_active "$resolved" && [ -r "$ROOT/run/systemd/resolve/resolv.conf" ]; then
  see resolved yes
  resolv=$ROOT/run/systemd/resolve/resolv.conf
else
  resolv=$ROOT/etc/resolv.conf
fi
[ ! -r "$resolv" ] || while read -r key value _ || [ -n "$key" ]; do
  [ "$key" != nameserver ] || see nameserver "$value"
done <"$resolv"

for tool in $TOOLS; do ! has "$tool" || see tool "$tool"; done

# Programs: where they are, what they say, and whether they came from us.
# A program of ours is not asked: which one it is, is noted; and some take a while to say it.
program() {
  has "$1" || return 0
  path=$(command -v "$1")
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

see_lines owner "$STATE/owner"
[ ! -s "$STATE/preparation" ] || see_first preparation "$STATE/preparation"
see_lines installed "$STATE/installed"
if [ -r "$STATE/prepared" ]; then
  set --
  while read -r digest path; do
    see prepared "$path $digest"
    set -- "$@" "$ROOT$path"
  done <"$STATE/prepared"
  found=
  [ $# -eq 0 ] || found=$(sha256sum "$@")
  while read -r digest path; do
    case "$LINE$found$LINE" in *"$LINE$digest  $ROOT$path$LINE"*) ;; *) see altered "$path" ;; esac
  done <"$STATE/prepared"
fi

# What of a cluster is here. An authority's certificate is no secret; nothing else of these files is told.
cluster_file() {
  [ -r "$ROOT/etc/kubernetes/$1.conf" ] || return 0
  name=$1 server='' ca=''
  set -- $(sed -n -e 's/^ *server: */server /p' -e 's/^ *certificate-authority-data: */ca /p' "$ROOT/etc/kubernetes/$1.conf")
  while [ $# -gt 1 ]; do
    case $1 in
    server) server=${server:-$2} ;;
    ca) ca=${ca:-$2} ;;
    esac
    shift
  done
  [ -z "$ca" ] || ca=$(printf %s "$ca" | base64 -d | sha256sum)
  see "$name" "$server ${ca%% *}"
}
cluster_file admin
cluster_file kubelet
if [ -r "$ROOT/etc/kubernetes/pki/ca.crt" ]; then
  ca=$(sha256sum <"$ROOT/etc/kubernetes/pki/ca.crt")
  see ca "${ca%% *}"
fi
for step in init join; do [ ! -e "$STATE/run/$step.done" ] || see "done" "$step"; done
! is_active "$init" || see running init
! is_active "$join" || see running join
[ ! -d "$ROOT/var/lib/etcd/member" ] || see etcd yes
for file in "$ROOT"/etc/kubernetes/manifests/*.yaml; do
  [ ! -e "$file" ] || { file=${file##*/}; see static-pod "${file%.yaml}"; }
done
see kubelet-unit "$kubelet"
see end look

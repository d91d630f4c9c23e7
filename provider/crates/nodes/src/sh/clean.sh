# Everything that we put on the machine goes, and what was there before comes back, by the notes of the claim.
# Run after reset. Each part stands for itself: what cannot be removed is said and the rest goes on. The notes stay until
# the machine is forgotten.
if [ ! -s "$STATE/before" ]; then
  # Nothing was noted, so nothing was changed.
  say cleaned
  exit 0
fi
# Whoever looks from now on does not take the machine for one that is prepared.
rm -f "$STATE/preparation" "$STATE/installed"
left() { say left "$*"; }
CLUSTER=$(sed -n 's/^name=//p' "$STATE/owner" 2>/dev/null || :)
POD_CIDRS=$(sed -n 's/^cidr //p' "$STATE/before")

# Programs and units of ours stop first; what was running before is started again at the end.
systemctl disable -q --now kurator-renew.timer 2>/dev/null || :
systemctl disable -q --now kubelet 2>/dev/null || :
own_runtime=
if noted "file $CONTAINERD_UNIT"; then own_runtime=1; fi

# Pods that are left, and in a runtime that stays, what we pulled.
if has ctr && systemctl is-active -q containerd; then
  for task in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do ctr -n k8s.io tasks kill -s KILL "$task" 2>/dev/null || :; done
  if [ -z "$own_runtime" ] && noted "images absent"; then
    for container in $(ctr -n k8s.io containers ls -q 2>/dev/null); do ctr -n k8s.io containers rm "$container" 2>/dev/null || :; done
    for image in $(ctr -n k8s.io images ls -q 2>/dev/null); do ctr -n k8s.io images rm "$image" >/dev/null 2>&1 || :; done
    ctr namespaces rm k8s.io >/dev/null 2>&1 || :
  fi
fi
if [ -n "$own_runtime" ]; then
  systemctl disable -q --now containerd 2>/dev/null || :
  # Stopping containerd leaves its shims, on purpose of theirs; nobody needs them now.
  for shim in "$ROOT"/proc/[0-9]*/exe; do
    case $(readlink "$shim" 2>/dev/null || :) in
      /usr/local/bin/containerd-shim-runc-v2*) pid=${shim%/exe}; kill -9 "${pid##*/}" 2>/dev/null || : ;;
    esac
  done
fi
systemctl stop kubepods.slice 2>/dev/null || :
# systemd takes away the groups of controllers that it manages. Of version 1 there are others, and theirs stay.
for groups in "$ROOT"/sys/fs/cgroup/kubepods.slice "$ROOT"/sys/fs/cgroup/*/kubepods.slice; do
  [ ! -d "$groups" ] || find "$groups" -depth -type d -exec rmdir {} \; 2>/dev/null || :
done

# Mounts below what goes, the deepest first.
if [ -r "$ROOT/proc/mounts" ]; then
  awk '{print $2}' "$ROOT/proc/mounts" | sort -r | while IFS= read -r point; do
    sed -n 's/^tree absent //p' "$STATE/before" | while IFS= read -r tree; do
      case $point in "$tree"/*) umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null || : ;; esac
    done
  done
fi

# Packet filter: the chains and rules of Kubernetes and of the pod networks, and nothing else.
for family in iptables ip6tables; do
  has "$family-save" && has "$family-restore" || continue
  rules=$("$family-save" 2>/dev/null) || continue
  kept_rules=$(printf '%s\n' "$rules" | grep -v -e "$FILTER_NAMES" | {
    for cidr in $POD_CIDRS; do printf '%s\n' "$cidr"; done >"$STATE/cidrs"
    awk 'NR == FNR {cidr[$1] = 1; next}
      {for (i = 1; i < NF; i++) if (($i == "-s" || $i == "-d") && $(i + 1) in cidr) next; print}' "$STATE/cidrs" -
  })
  [ "$rules" = "$kept_rules" ] || printf '%s\n' "$kept_rules" | "$family-restore" 2>/dev/null || left "$family rules"
  # Tables that appeared with us and are empty now.
  has nft || continue
  protocol=ip
  [ "$family" = iptables ] || protocol=ip6
  for table in nat mangle filter raw; do
    noted "table $family-save $table" && continue
    # A table that is not told of in these words is nobody's of ours.
    printf '%s\n' "$rules" | grep -qxF "*$table" || continue
    "$family-save" -t $table 2>/dev/null | grep -qvE '^(#|\*|COMMIT|:[A-Z]+ ACCEPT)' && continue
    nft delete table $protocol $table 2>/dev/null || :
  done
done
rm -f "$STATE/cidrs"
if has ipvsadm; then ipvsadm -C 2>/dev/null || :; fi
if has ipset; then for set in $(ipset list -n 2>/dev/null | grep -E '^KUBE-' || :); do ipset destroy "$set" 2>/dev/null || :; done; fi

# Interfaces that pod networks make, unless they were there before; their routes go with them.
if has ip; then
  for link in "$ROOT"/sys/class/net/*; do
    link=${link##*/}
    noted "link $link" && continue
    case $link in
      cni0 | cni-* | flannel.* | flannel-* | cilium_* | lxc_health | lxc???????????? | cali* | vxlan.calico | wireguard.cali | kube-ipvs0 | kube-bridge | \
        kube-dummy-if | ovn0 | ovn-* | nodelocaldns | tunl0) ip link delete "$link" 2>/dev/null || : ;;
    esac
  done
  for cidr in $POD_CIDRS; do
    case $cidr in *:*) family=-6 ;; *) family=-4 ;; esac
    ip $family route show root "$cidr" 2>/dev/null | awk '{print $1 == "blackhole" || $1 == "unreachable" ? $2 : $1}' |
      while read -r route; do ip $family route delete "$route" 2>/dev/null || :; done
  done
  for namespace in $(ip netns list 2>/dev/null | awk '/^cni-/ {print $1}'); do ip netns delete "$namespace" 2>/dev/null || :; done
fi

hosts_restore

# Files, in no order, then what came and went at run time, then directories, the deepest first.
sed -nE 's/^(file|kept) //p' "$STATE/before" | while IFS= read -r path; do
  [ "$path" = /etc/hosts ] || give_back "$path" || left "$path"
done
sed -n 's/^tree absent //p' "$STATE/before" | sort -r | while IFS= read -r tree; do
  rm -rf "$ROOT$tree" 2>/dev/null || :
  [ ! -e "$ROOT$tree" ] || left "$tree"
done
sed -n 's/^tree present //p' "$STATE/before" | while IFS= read -r tree; do
  list="$STATE/trees/$(printf %s "$tree" | tr / _)"
  [ -d "$ROOT$tree" ] && [ -e "$list" ] || continue
  (cd "$ROOT$tree" && find . -mindepth 1 -xdev | sort) >"$list.now"
  comm -13 "$list" "$list.now" | sort -r | while IFS= read -r path; do
    if [ -d "$ROOT$tree/$path" ] && [ ! -L "$ROOT$tree/$path" ]; then rmdir "$ROOT$tree/$path" 2>/dev/null || left "$tree/$path"
    else rm -f "$ROOT$tree/$path" || left "$tree/$path"; fi
  done
  rm -f "$list.now"
done
for path in $LOOSE_FILES; do rm -rf "$ROOT$path" 2>/dev/null || :; done
sed -n 's/^dir //p' "$STATE/before" | sort -r | while IFS= read -r path; do
  rmdir "$ROOT$path" 2>/dev/null || [ ! -d "$ROOT$path" ] || left "$path"
done

# Settings of the kernel and units, as they were.
sed -n 's/^sysctl //p' "$STATE/before" | while read -r key value; do
  file=$ROOT/proc/sys/$(printf %s "$key" | tr . /)
  [ ! -w "$file" ] || [ "$(cat "$file" 2>/dev/null)" = "$value" ] || sysctl -q -w "$key=$value" 2>/dev/null || left "sysctl $key"
done
sed -n 's/^module absent //p' "$STATE/before" | while read -r module; do modprobe -r -q "$module" 2>/dev/null || :; done
systemctl daemon-reload 2>/dev/null || :
systemctl reset-failed 2>/dev/null || :
sed -n 's/^unit //p' "$STATE/before" | while read -r unit enabled active; do
  [ "$enabled" != enabled ] || systemctl enable -q "$unit" 2>/dev/null || left "unit $unit"
  case $unit:$active in
    # What waits for the network brings this up; it is up for good, or was not before us.
    *.target:active) ;;
    *:active) systemctl restart "$unit" 2>/dev/null || left "unit $unit" ;;
    *) systemctl stop "$unit" 2>/dev/null || : ;;
  esac
done
if grep -q '^swap ' "$STATE/before" && noted "swap turned off"; then swapon -a 2>/dev/null || left swap; fi
say cleaned

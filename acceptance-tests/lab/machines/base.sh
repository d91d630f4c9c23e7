#!/bin/bash
# Builds the root file system that all machines of the lab share: Debian with systemd, sshd and what a server usually
# has. No container runtime, no Kubernetes: bringing those is the job of what is tested.
#
#   base.sh OUT INIT      OUT must not exist; INIT becomes its /sbin/lab-init
set -euo pipefail
out=$1 init=$2

packages=(
  # a server that boots and can be reached
  systemd systemd-sysv libpam-systemd dbus udev openssh-server sudo ca-certificates curl
  # what kubelet, kube-proxy and network plugins call
  iptables nftables ipset conntrack socat ebtables ethtool kmod iproute2 procps psmisc
  # for people
  iputils-ping netcat-openbsd less bash-completion
)

mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='Acquire::Retries "5"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$out"
# It would keep packages that are installed later from bringing their documentation.
rm -f "$out"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
install -m 755 "$init" "$out/sbin/lab-init"

# --- people and their way in; keys are each machine's own
chroot "$out" useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD:ALL' > "$out/etc/sudoers.d/admin"
chmod 440 "$out/etc/sudoers.d/admin"
rm -f "$out"/etc/ssh/ssh_host_*
cat > "$out/etc/ssh/sshd_config.d/lab.conf" <<'T'
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
T
# Who gets sshd's greeting may log in: before that unit has run, only root may.
install -d "$out/etc/systemd/system/ssh.service.d"
printf '[Unit]\nAfter=systemd-user-sessions.service\n' > "$out/etc/systemd/system/ssh.service.d/lab.conf"

# --- what would disturb the kernel that all machines share, or wait for hardware that is not there
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
  systemd-udev-trigger.service systemd-udev-settle.service systemd-pcrphase.service \
  sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
  dev-hugepages.mount console-getty.service getty.target getty@tty1.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-timesyncd.service systemd-networkd.service systemd-resolved.service; do
  ln -sf /dev/null "$out/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$out/etc/systemd/system/default.target"
# Else every machine keeps the log of the kernel that is not its own.
install -d "$out/etc/systemd/journald.conf.d"
printf '[Journal]\nReadKMsg=no\nStorage=volatile\n' > "$out/etc/systemd/journald.conf.d/lab.conf"

# --- a kernel with everything built in has no modules to load: modprobe must find that out as on any server
kernel=$(uname -r)
if [ -r /proc/config.gz ] && [ ! -d "/lib/modules/$kernel" ]; then
  modules=$out/lib/modules/$kernel
  install -d "$modules"
  zcat /proc/config.gz > "$out/boot/config-$kernel"
  while read -r option path; do
    if grep -q "^CONFIG_$option=y" "$out/boot/config-$kernel"; then echo "kernel/$path.ko"; fi
  done > "$modules/modules.builtin" <<'T'
OVERLAY_FS fs/overlayfs/overlay
FUSE_FS fs/fuse/fuse
BLK_DEV_LOOP drivers/block/loop
IKCONFIG kernel/configs
BRIDGE net/bridge/bridge
BRIDGE_NETFILTER net/bridge/br_netfilter
VETH drivers/net/veth
TUN drivers/net/tun
DUMMY drivers/net/dummy
MACVLAN drivers/net/macvlan
IPVLAN drivers/net/ipvlan/ipvlan
VXLAN drivers/net/vxlan/vxlan
GENEVE drivers/net/geneve
WIREGUARD drivers/net/wireguard/wireguard
NET_IPIP net/ipv4/ipip
NF_CONNTRACK net/netfilter/nf_conntrack
NF_CT_NETLINK net/netfilter/nf_conntrack_netlink
NF_NAT net/netfilter/nf_nat
NF_TABLES net/netfilter/nf_tables
NFT_COMPAT net/netfilter/nft_compat
NETFILTER_NETLINK net/netfilter/nfnetlink
NETFILTER_XTABLES net/netfilter/x_tables
NETFILTER_XT_MATCH_CONNTRACK net/netfilter/xt_conntrack
NETFILTER_XT_MATCH_COMMENT net/netfilter/xt_comment
NETFILTER_XT_MATCH_RECENT net/netfilter/xt_recent
NETFILTER_XT_MATCH_STATISTIC net/netfilter/xt_statistic
NETFILTER_XT_MARK net/netfilter/xt_mark
NETFILTER_XT_SET net/netfilter/xt_set
NETFILTER_XT_TARGET_MASQUERADE net/netfilter/xt_MASQUERADE
NETFILTER_XT_TARGET_REDIRECT net/netfilter/xt_REDIRECT
IP_SET net/netfilter/ipset/ip_set
IP_VS net/netfilter/ipvs/ip_vs
IP_VS_RR net/netfilter/ipvs/ip_vs_rr
IP_VS_WRR net/netfilter/ipvs/ip_vs_wrr
IP_VS_SH net/netfilter/ipvs/ip_vs_sh
IP_NF_IPTABLES net/ipv4/netfilter/ip_tables
IP_NF_FILTER net/ipv4/netfilter/iptable_filter
IP_NF_MANGLE net/ipv4/netfilter/iptable_mangle
IP_NF_NAT net/ipv4/netfilter/iptable_nat
IP_NF_RAW net/ipv4/netfilter/iptable_raw
IP6_NF_IPTABLES net/ipv6/netfilter/ip6_tables
IP6_NF_FILTER net/ipv6/netfilter/ip6table_filter
IP6_NF_MANGLE net/ipv6/netfilter/ip6table_mangle
IP6_NF_NAT net/ipv6/netfilter/ip6table_nat
T
  : > "$modules/modules.order"
  depmod -b "$out" "$kernel" 2>/dev/null
fi

# --- nothing of the machine it was built on, and nothing that grows
: > "$out/etc/machine-id"
rm -f "$out/etc/resolv.conf" "$out/etc/hostname"
rm -rf "$out"/var/cache/apt/*.bin "$out"/var/lib/apt/lists/* "$out"/var/log/*.log

# All that is on a machine, a line each: SECTION, a tab, and the thing. What changes by itself is left out by whoever
# compares; what is said to change at every look is left out here.
set -u
export LC_ALL=C
say() { sed "s|^|$1\t|"; }

# Paths with their kind, mode, owner and where links lead; the content of what is configuration or program.
find / /var /run /tmp /dev/shm -xdev \( -path /proc -o -path /sys -o -path /dev/pts \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort -u | say file
find /etc /usr/local /opt /root /home /usr/lib/systemd -xdev -type f -exec sha256sum {} + | sort -k2 | say content

systemctl list-units --all --plain --no-legend --full | awk '{print $1, $2, $3, $4}' | sort | say unit
systemctl list-unit-files --no-legend --full | awk '{print $1, $2}' | sort | say unit-file
ss -Hlntu | awk '{print $1, $5}' | sort | say port
for command in iptables-save ip6tables-save iptables-legacy-save ip6tables-legacy-save; do
  ! command -v $command > /dev/null || $command 2> /dev/null | sed -E -e '/^#/d' -e 's/ \[[0-9]+:[0-9]+\]$//' | sort | say $command
done
nft --stateless list ruleset 2> /dev/null | say nft
ipset list -n 2> /dev/null | sort | say ipset
ip -4 route show table all | sort | say route
ip -6 route show table all | sed -E 's/ expires [0-9]+sec//' | sort | say route6
# The number behind the @ is of the other end, on the machine below: a boot makes another one.
ip -br address | sed -E 's/ +/ /g; s/@if[0-9]+//' | sort | say link
ip netns list | sort | say netns
awk '{print $2, $3}' /proc/self/mounts | sort | say mount
sysctl -a 2> /dev/null | sort | say sysctl
find /sys/fs/cgroup -type d -name '*kube*' | sort | say group
for process in /proc/[0-9]*; do cat $process/comm; done 2> /dev/null | sort -u | say program

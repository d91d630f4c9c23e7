#!/bin/sh
# The first process of a machine of the lab, before systemd. A container shows the kernel's view of whoever started it;
# a server sees its own network interfaces under /sys and may write its control groups.
umount -R /sys 2>/dev/null || umount -l /sys
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
groups=/sys/fs/cgroup
if grep -qv '^0::' /proc/self/cgroup; then
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs "$groups"
  while IFS=: read -r _ controllers _; do
    case $controllers in
      '') folder=unified kind=cgroup2 option=rw ;;
      name=*) folder=${controllers#name=} kind=cgroup option=none,$controllers ;;
      *) folder=$controllers kind=cgroup option=$controllers ;;
    esac
    mkdir "$groups/$folder"
    mount -t "$kind" -o "$option,nosuid,nodev,noexec" cgroup "$groups/$folder"
  done < /proc/self/cgroup
else
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$groups"
fi
# Volumes that a kubelet mounts must be seen by its containers.
mount --make-rshared /
exec /lib/systemd/systemd

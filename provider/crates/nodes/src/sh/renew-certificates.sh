#!/bin/sh
# Renews this control plane's certificates and restarts its static pods, one by one. Run by kurator-renew.timer.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 077
kubeadm certs renew all

# pids NAME: processes of that name inside pods; a process outside of pods is none of ours.
pids() {
  for comm in /proc/[0-9]*/comm; do
    pid=${comm%/comm}
    [ "$(cat "$comm" 2>/dev/null)" = "$1" ] && grep -q kubepods "$pid/cgroup" 2>/dev/null && echo "${pid#/proc/}"
  done
  return 0
}

# The kubelet starts a static pod's process again, and the new one reads the new files. Names as the kernel cuts them.
for pair in etcd:2381/health kube-apiserver:6443/livez kube-controller:10257/healthz kube-scheduler:10259/healthz; do
  name=${pair%%:*}
  address=${pair#*:}
  scheme=https
  [ "$name" != etcd ] || scheme=http
  old=$(pids "$name")
  [ -n "$old" ] || continue
  # shellcheck disable=SC2086 # One word for each process.
  kill $old
  left=240
  while [ $left -gt 0 ]; do
    now=$(pids "$name")
    if [ -n "$now" ] && [ "$now" != "$old" ]; then
      if ! command -v curl >/dev/null || curl -fsk -o /dev/null --noproxy '*' --max-time 2 "$scheme://127.0.0.1:$address"; then break; fi
    fi
    left=$((left - 1))
    sleep 0.5
  done
  [ $left -gt 0 ] || { echo "$name did not come back with its new certificate" >&2; exit 1; }
done

# What a node needs of its machine: kernel, swap, name of the API, container runtime, the kubelet's unit.
[ -s "$STATE/owner" ] || fail unclaimed "the machine bears no mark"
# As long as it is not through, nothing says that it was.
rm -f "$STATE/preparation"
before=$STATE/written.before
: >"$before"
[ ! -e "$STATE/written" ] || cat "$STATE/written" >"$before"

write_files
sandbox=$(kubeadm config images list --kubernetes-version "$VERSION" ${REPOSITORY:+--image-repository "$REPOSITORY"} 2>/dev/null |
  grep '/pause:' || :)
[ -n "$sandbox" ] || fail kubeadm "it names no sandbox image for $VERSION"
# Not through a pipe into put: what it notes for later would be lost with the pipe's own shell.
containerd_config | sed "s|@SANDBOX_IMAGE@|$sandbox|" >"$STATE/config.toml"
put "$CONTAINERD_CONFIG" 644 <"$STATE/config.toml"
rm -f "$STATE/config.toml"
if [ -n "$IMPORT" ]; then
  # A runtime that was there before: its own configuration stays, with a line on top that brings ours in.
  remember /etc/containerd/config.toml
  original=$(kept /etc/containerd/config.toml)
  {
    printf 'imports = ["/etc/containerd/conf.d/*.toml"]\n'
    if [ -e "$original" ]; then cat "$original"; else printf 'version = %s\n' "$CONTAINERD_CONFIG_VERSION"; fi
  } >"$STATE/config.toml"
  put /etc/containerd/config.toml 644 <"$STATE/config.toml"
  rm -f "$STATE/config.toml"
fi

# What an earlier run wrote and this one did not goes.
while read -r path; do
  case "$WRITTEN" in *" $path "*) ;; *) give_back "$path"; CHANGED="$CHANGED $path " ;; esac
done <"$before"
rm -f "$before"
# shellcheck disable=SC2086 # One word for each path.
printf '%s\n' $WRITTEN >"$STATE/written"

# A module that is built in counts; one that is missing is found by the look, not here.
for module in $MODULES; do modprobe "$module" 2>/dev/null || :; done
sysctl -q -p "$ROOT/etc/sysctl.d/99-kurator.conf" || fail sysctl "$ROOT/etc/sysctl.d/99-kurator.conf"
if [ -n "$SWAP_OFF" ]; then
  note "swap turned off"
  swapoff -a
fi
for cidr in $POD_CIDRS; do note "cidr $cidr"; done
hosts_set "$ENDPOINT_ADDRESS" "$ENDPOINT_HOST"
own_dir /etc/kubernetes/manifests
own_dir /opt/cni/bin
own_dir /etc/cni/net.d

case "$CHANGED" in *" /etc/systemd/system/"*) systemctl daemon-reload ;; esac
systemctl enable -q containerd kubelet
# registry mirrors are read at every pull; all else of containerd's at its start only.
restart=
for path in $CHANGED; do
  case $path in /etc/containerd/certs.d/*) ;; /etc/containerd/* | /etc/systemd/system/containerd.*) restart=1 ;; esac
done
installed_since=$(sed -nE 's/^(containerd|runc) [^ ]* //p' "$STATE/installed" 2>/dev/null | tr '\n' ' ')
[ "$installed_since" = "$(cat "$STATE/containerd-started" 2>/dev/null || :)" ] || restart=1
if [ -n "$restart" ] || ! systemctl is-active -q containerd; then
  systemctl restart containerd || {
    journalctl -u containerd -n 15 --no-pager -o cat 2>/dev/null >"$STATE/containerd.log" || :
    excerpt "$STATE/containerd.log"
    rm -f "$STATE/containerd.log"
    fail containerd "it does not start"
  }
fi
printf '%s' "$installed_since" >"$STATE/containerd-started"
# A kubelet that runs takes its unit's new settings in; one that has no cluster yet is started by kubeadm.
case "$CHANGED" in *" /etc/systemd/system/kubelet."*)
  ! systemctl is-active -q kubelet || systemctl restart kubelet ;;
esac
printf '%s\n' "$DIGEST" >"$STATE/preparation"
for path in $CHANGED; do say changed "$path"; done
say prepared

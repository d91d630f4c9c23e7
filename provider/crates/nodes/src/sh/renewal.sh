# The timer that renews a control plane's certificates.
write_files
case "$CHANGED" in *" /etc/systemd/system/"*) systemctl daemon-reload ;; esac
systemctl enable -q --now kurator-renew.timer
say renewal

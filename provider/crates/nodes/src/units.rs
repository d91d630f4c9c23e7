//! Units of systemd.

use std::fmt::Write as _;

use crate::script::File;

/// Where units of ours are.
const UNITS: &str = "/etc/systemd/system";

/// The container runtime that we installed.
pub(crate) fn containerd() -> File {
    File::readable(
        format!("{UNITS}/containerd.service"),
        "[Unit]
Description=Container runtime of this node
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
Type=notify
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/containerd
# Containers outlive a restart of their runtime.
KillMode=process
Delegate=yes
Restart=always
RestartSec=2
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
",
    )
}

/// The node agent. It waits for kubeadm: without its configuration it ends, and is started again.
pub(crate) fn kubelet(turn_swap_off: bool) -> Vec<File> {
    let swap = if turn_swap_off { "ExecStartPre=-/sbin/swapoff -a\n" } else { "" };
    vec![
        File::readable(
            format!("{UNITS}/kubelet.service"),
            "[Unit]
Description=Kubernetes node agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
",
        ),
        // The name is the one that Kubernetes' own packages use, so that theirs does not add to ours.
        File::readable(
            format!("{UNITS}/kubelet.service.d/10-kubeadm.conf"),
            format!(
                "[Service]
Environment=\"KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf\"
Environment=\"KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml\"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
{swap}ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
"
            ),
        ),
    ]
}

/// The environment of the container runtime, which pulls images; read by root alone, for a proxy's address may hold a password.
pub(crate) fn containerd_environment(environment: &[(String, String)]) -> File {
    let mut content = "[Service]\n".to_owned();
    for (name, value) in environment {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
        let _ = writeln!(content, "Environment=\"{name}={value}\"");
    }
    File { path: format!("{UNITS}/containerd.service.d/50-kurator-proxy.conf"), mode: 0o600, content }
}

/// The renewal of a control plane's certificates: a week apart at random, once a month.
pub(crate) fn renewal() -> Vec<File> {
    vec![
        File {
            path: "/usr/local/libexec/kurator/renew-certificates".to_owned(),
            mode: 0o755,
            content: include_str!("sh/renew-certificates.sh").to_owned(),
        },
        File::readable(
            format!("{UNITS}/kurator-renew.service"),
            "[Unit]
Description=Renew the certificates of this control plane
ConditionPathExists=/etc/kubernetes/admin.conf

[Service]
Type=oneshot
ExecStart=/usr/local/libexec/kurator/renew-certificates
",
        ),
        File::readable(
            format!("{UNITS}/kurator-renew.timer"),
            "[Unit]
Description=Renew the certificates of this control plane every month

[Timer]
OnCalendar=monthly
# Control planes must not restart their API at one moment.
RandomizedDelaySec=7d
Persistent=true

[Install]
WantedBy=timers.target
",
        ),
    ]
}

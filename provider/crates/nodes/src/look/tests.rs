use std::collections::BTreeSet;

use domain::machine::{Arch, ClockOffset, OsFamily};

use super::*;
use crate::testing::{self, Machine};

const ASKED: Asked = Asked { sent_ms: 1_763_753_000_000, heard_ms: 1_763_753_000_400 };

/// Recorded on a test host: Debian 12 in a container, untouched, control groups of version 1.
const DEBIAN: &str = "kurator:clock 1763753000.250123456
kurator:uid 0
kurator:machine x86_64
kurator:kernel 6.18.5
kurator:hostname w1
kurator:machine-id 9f0c5b4bd7d54d2f8a3fb3a1f1c9d001
kurator:os PRETTY_NAME Debian GNU/Linux 12 (bookworm)
kurator:os VERSION_ID 12
kurator:os ID debian
kurator:systemd yes
kurator:cgroup 1
kurator:controller cpuset
kurator:controller cpu
kurator:controller cpuacct
kurator:controller devices
kurator:controller freezer
kurator:controller memory
kurator:controller pids
kurator:memory-kib 24689000
kurator:cpus 2
kurator:free-kib /usr/local/bin 31457280
kurator:free-kib /var/lib/containerd 31457280
kurator:free-kib /var/lib/kubelet 31457280
kurator:free-kib /var/lib/etcd 31457280
kurator:address 10.77.0.21
kurator:default 10.77.0.21
kurator:listens 0016
kurator:listener 22 sshd
kurator:nameserver 10.77.0.1
kurator:tool bash
kurator:tool curl
kurator:kubelet-unit inactive
kurator:end look
";

/// Made from the documentation of Rocky Linux 9, not recorded: a control plane of ours in mid-life.
const ROCKY: &str = "Activate the web console with: systemctl enable --now cockpit.socket
kurator:clock 1763753000.N
kurator:uid 0
kurator:machine aarch64
kurator:kernel 5.14.0-503.el9.aarch64
kurator:hostname cp1.example
kurator:machine-id aa
kurator:os NAME Rocky Linux
kurator:os ID rocky
kurator:os ID_LIKE rhel centos fedora
kurator:os VERSION_ID 9.5
kurator:os PRETTY_NAME Rocky Linux 9.5 (Blue Onyx)
kurator:systemd yes
kurator:selinux Enforcing
kurator:cgroup 2
kurator:controller cpu
kurator:controller memory
kurator:memory-kib 4000000
kurator:cpus 4
kurator:free-kib /var/lib/etcd 1048576
kurator:swap /dev/dm-1
kurator:address 192.0.2.10
kurator:address 2001:db8::10
kurator:listens 192B
kurator:listener 6443 kube-apiserver
kurator:resolved yes
kurator:program containerd /usr/local/bin/containerd ours 2.4.2
kurator:program kubelet /usr/local/bin/kubelet ours 1.34.4
kurator:owner kind=kurator_custom_cluster
kurator:owner name=factory
kurator:owner owner=default
kurator:owner incarnation=0001
kurator:owner phase=creating
kurator:owner machine=cp1
kurator:installed kubelet https://dl.k8s.io/release/v1.34.4/bin/linux/arm64/kubelet 00ff
kurator:prepared /etc/containerd/config.toml 11aa
kurator:altered /etc/containerd/config.toml
kurator:admin https://api.factory.internal:6443 22bb
kurator:kubelet https://api.factory.internal:6443 22bb
kurator:ca 22bb
kurator:done init
kurator:etcd yes
kurator:static-pod etcd
kurator:static-pod kube-apiserver
kurator:kubelet-unit active
kurator:end look
";

#[test]
fn recorded_looks_are_read() {
    insta::assert_debug_snapshot!("debian", parse(DEBIAN, ASKED).unwrap());
    let rocky = parse(ROCKY, ASKED).unwrap();
    assert_eq!((rocky.os.family(), rocky.arch()), (OsFamily::RedHat, Some(Arch::Arm64)));
    insta::assert_debug_snapshot!("rocky", rocky);
}

#[test]
fn an_answer_that_broke_off_tells_nothing() {
    let half = &DEBIAN[..DEBIAN.len() - "kurator:end look\n".len()];
    assert_eq!(parse(half, ASKED), Err(Unreadable::CutOff));
    assert_eq!(parse("kurator:uid 0\nkurator:end look\n", ASKED), Err(Unreadable::Missing("memory")));
}

#[test]
fn a_clock_is_known_up_to_the_time_the_answer_took() {
    let clock = parse(DEBIAN, ASKED).unwrap().clock;
    assert_eq!(clock, Some(ClockOffset { least_ms: -150, most_ms: 250 }));
    // A `date` that knows no nanoseconds leaves a whole second open.
    let clock = parse(ROCKY, ASKED).unwrap().clock;
    assert_eq!(clock, Some(ClockOffset { least_ms: -400, most_ms: 999 }));
}

fn ready_to_look() -> Machine {
    let machine = Machine::new();
    machine
        .write("/etc/os-release", "NAME=\"Debian\"\nID=debian\nPRETTY_NAME=\"Debian 12\"\nVERSION_ID='12'");
    machine.write("/etc/machine-id", "abc\n");
    machine.write("/proc/meminfo", "MemTotal:        4096000 kB\nMemFree: 1 kB\n");
    machine.write("/proc/swaps", "Filename Type Size\n/dev/sda2 partition 1\n");
    let release =
        String::from_utf8(std::process::Command::new("uname").arg("-r").output().unwrap().stdout).unwrap();
    machine.write(
        &format!("/boot/config-{}", release.trim()),
        "CONFIG_OVERLAY_FS=y\n# CONFIG_NF_NAT is not set\n",
    );
    machine.write("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    machine.write("/sys/module/br_netfilter/x", "");
    machine.write("/etc/resolv.conf", "# a comment\nnameserver 127.0.0.1\n");
    machine.write(
        "/proc/net/tcp",
        "  sl  local rem st\n 0: 00000000:192B 00000000:0000 0A\n 1: 0100007F:0050 0100007F:9999 01\n",
    );
    machine.fake("systemctl", "exit 3");
    machine.fake("modprobe", "[ \"$3\" = nf_conntrack ]");
    machine
}

#[test]
fn a_look_sees_what_is_there_and_changes_nothing() {
    let machine = ready_to_look();
    machine.fake(
        "ip",
        "case $* in *addr*) echo '2: eth0    inet 10.0.0.7/24 brd x scope global eth0' \
         ;; *) echo '1.1.1.1 via 10.0.0.1 dev eth0 src 10.0.0.7 uid 0' ;; esac",
    );
    machine.fake("kubelet", "echo 'Kubernetes v1.34.4'");
    let before = machine.tree();
    let run = machine.run(&script());
    assert_eq!(machine.tree(), before);
    let facts = parse(&run.stdout, ASKED).unwrap();
    assert_eq!(
        (facts.os.id.as_str(), facts.os.pretty.as_str(), facts.machine_id.as_str()),
        ("debian", "Debian 12", "abc")
    );
    assert_eq!(facts.os.version, "12", "of a file whose last line does not end");
    assert_eq!((facts.memory_mib, facts.swap.clone()), (4_000, vec!["/dev/sda2".to_owned()]));
    assert_eq!(facts.missing_features, BTreeSet::from(["nf_nat".to_owned()]));
    assert_eq!(facts.listeners.iter().map(|listener| listener.port).collect::<Vec<_>>(), [6443]);
    assert_eq!((facts.nameservers, facts.resolved), (vec!["127.0.0.1".to_owned()], false));
    assert_eq!(facts.default_address, Some("10.0.0.7".parse().unwrap()));
    assert_eq!(facts.addresses, ["10.0.0.7".parse().unwrap()].into());
    let kubelet = facts.runtime.kubelet.unwrap();
    assert_eq!((kubelet.version.as_str(), kubelet.ours), ("1.34.4", false));
    assert_eq!(facts.mark, None);
}

#[test]
fn a_look_finds_our_mark_and_what_somebody_changed() {
    let machine = ready_to_look();
    let mark = testing::mark("cp1");
    machine.run(&claim::script(&mark)).succeeded();
    let write = Script::new("test", "write\n").files(
        "write",
        &[crate::script::File::readable("/etc/one", "1\n"), crate::script::File::readable("/etc/two", "2\n")],
    );
    machine.run(&write).succeeded();
    machine.write("/etc/two", "changed\n");
    // Two lines of a kubeconfig; the digest is that of the certificate's text, here `cert`.
    machine.write(
        "/etc/kubernetes/admin.conf",
        "    certificate-authority-data: Y2VydA==\n    server: https://api:6443\n",
    );
    let facts = parse(&machine.run(&script()).stdout, ASKED).unwrap();
    assert_eq!(facts.mark, Some(mark));
    assert_eq!(facts.altered, BTreeSet::from(["/etc/two".to_owned()]));
    assert_eq!(facts.prepared.len(), 2);
    let admin = facts.membership.admin.unwrap();
    assert_eq!(admin.server, "https://api:6443");
    assert_eq!(
        admin.ca_sha256.as_deref(),
        Some("06298432e8066b29e2223bcc23aa9504b56ae508fabf3435508869b9c3190e22")
    );
}

#[test]
fn a_configuration_without_kubernetes_interface_is_seen() {
    let machine = ready_to_look();
    machine.fake("containerd", "echo 'containerd github.com/containerd/containerd v1.7.24 abc'");
    machine.write("/etc/containerd/config.toml", "disabled_plugins = [\"cri\"]\nimports = [\"/x/*.toml\"]\n");
    let facts = parse(&machine.run(&script()).stdout, ASKED).unwrap();
    assert!(facts.runtime.cri_disabled);
    assert_eq!(facts.runtime.imports.as_deref(), Some("[\"/x/*.toml\"]"));
    assert_eq!(facts.runtime.containerd.unwrap().version, "1.7.24");
}

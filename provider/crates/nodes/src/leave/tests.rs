use super::*;
use crate::testing::{self, Machine};
use crate::{claim, prepare};

const RULES: &str = "*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A POSTROUTING -s 10.244.0.0/16 ! -o cni0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE
COMMIT";

/// A machine with things of its own, claimed and prepared, and used for a while.
fn used() -> (Machine, std::collections::BTreeMap<String, String>) {
    let machine = Machine::new();
    machine.fake("kubeadm", "echo registry.k8s.io/pause:3.10.1");
    machine.fake(
        "systemctl",
        "case $* in 'is-enabled kubelet.service') echo not-found; exit 1 ;; \
         'is-active '*) echo inactive; exit 3 ;; esac",
    );
    machine.write("/etc/hosts", "127.0.0.1 localhost\n10.0.0.1 me");
    machine.write("/usr/local/bin/kubectl", "the user's own");
    machine.write("/etc/cni/net.d/10-theirs.conflist", "{}");
    machine.write("/proc/sys/vm/overcommit_memory", "0\n");
    machine.write("/sys/class/net/eth0/x", "");
    let before = machine.tree();
    machine.run(&claim::script(&testing::mark("w1"))).succeeded();
    let script =
        prepare::script(&testing::setup(), &testing::facts("10.0.0.1"), Some("10.0.0.9".parse().unwrap()));
    machine.run(&script.unwrap()).succeeded();
    let own =
        Script::new("test", "remember /usr/local/bin/kubectl\necho ours >\"$ROOT/usr/local/bin/kubectl\"\n");
    machine.run(&own).succeeded();
    for path in [
        "/etc/kubernetes/tmp/x/ca.key",
        "/etc/cni/net.d/10-flannel.conflist",
        "/etc/cni/net.d/deep/x",
        "/var/lib/kubelet/pki/kubelet.key",
        "/var/lib/containerd/x",
        "/var/lib/etcd/member/wal",
        "/run/flannel/subnet.env",
        "/sys/class/net/cni0/x",
        "/sys/class/net/flannel.1/x",
        "/var/lib/systemd/timers/stamp-kurator-renew.timer",
    ] {
        machine.write(path, "x");
    }
    machine.write("/proc/sys/vm/overcommit_memory", "1\n");
    machine.forget_calls();
    (machine, before)
}

/// Cleans the machine and forgets it; gives what cleaning said.
fn left(machine: &Machine) -> crate::answer::Answer {
    let answer = machine.run(&clean()).succeeded();
    assert!(answer.has("cleaned"));
    assert!(machine.run(&forget()).succeeded().has("forgotten"));
    answer
}

/// What differs, without what the kernel shows.
fn difference(
    before: &std::collections::BTreeMap<String, String>,
    after: &std::collections::BTreeMap<String, String>,
) -> Vec<String> {
    let kernels = |path: &str| path.starts_with("/sys/") || path.starts_with("/proc/");
    before
        .keys()
        .chain(after.keys())
        .filter(|path| !kernels(path) && before.get(*path) != after.get(*path))
        .cloned()
        .collect()
}

#[test]
fn a_machine_is_what_it_was_before() {
    let (machine, before) = used();
    machine.run(&reset()).succeeded();
    let answer = left(&machine);
    assert_eq!(answer.all("left").collect::<Vec<_>>(), Vec::<&str>::new());
    let mut left = difference(&before, &machine.tree());
    // Made by these tests around the timers' directory, not by us.
    left.retain(|path| path != "/var/lib/systemd/");
    assert_eq!(left, Vec::<String>::new());
    let calls = machine.calls();
    assert!(calls.contains(&"sysctl -q -w vm.overcommit_memory=0".to_owned()), "{calls:#?}");
    assert!(
        calls.contains(&"ip link delete cni0".to_owned())
            && calls.contains(&"ip link delete flannel.1".to_owned())
    );
    assert!(!calls.contains(&"ip link delete eth0".to_owned()));
}

#[test]
fn cleaning_may_be_cut_off_and_run_again() {
    let (machine, before) = used();
    machine.run(&clean()).succeeded();
    // It is still ours, and not prepared any more.
    assert!(machine.exists("/etc/kurator/owner") && !machine.exists("/etc/kurator/preparation"));
    left(&machine);
    assert!(!machine.exists("/etc/kurator"));
    assert_eq!(machine.read("/etc/hosts"), before["/etc/hosts"]);
    // A machine that was never ours is not touched either.
    let other = Machine::new();
    other.write("/etc/hosts", "x");
    left(&other);
    assert!(other.calls().is_empty(), "{:?}", other.calls());
}

#[test]
fn a_machine_is_forgotten_with_the_traces_of_steps() {
    let (machine, _) = used();
    let traces = ["/run/kurator/clean.status", "/run/kurator.lock"];
    for path in traces {
        machine.write(path, "0");
    }
    left(&machine);
    for path in traces.into_iter().chain(["/etc/kurator"]) {
        assert!(!machine.exists(path), "{path}");
    }
}

#[test]
fn a_network_namespace_of_somebody_elses_stays() {
    let (machine, _) = used();
    machine.write("/run/netns/theirs", "");
    machine.fake("ip", "case $* in 'netns list') printf 'theirs\\ncni-1f (id: 2)\\n' ;; esac");
    let answer = machine.run(&clean()).succeeded();
    assert!(machine.exists("/run/netns/theirs"));
    assert_eq!(answer.all("left").collect::<Vec<_>>(), ["/run/netns"]);
    let calls = machine.calls();
    let deleted: Vec<_> = calls.iter().filter(|call| call.starts_with("ip netns delete")).collect();
    assert_eq!(deleted, ["ip netns delete cni-1f"]);
}

#[test]
fn only_rules_of_kubernetes_and_its_pods_go() {
    let (machine, _) = used();
    machine.fake("iptables-save", &format!("cat <<'EOF'\n{RULES}\nEOF"));
    machine.fake("iptables-restore", "cat >\"$ROOT/restored\"");
    machine.run(&clean()).succeeded();
    assert_eq!(
        machine.read("/restored"),
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE\nCOMMIT\n"
    );
}

#[test]
fn a_runtime_of_somebody_elses_stays_with_what_it_holds() {
    let machine = Machine::new();
    machine.fake("kubeadm", "echo registry.k8s.io/pause:3.10.1");
    machine.fake(
        "systemctl",
        "case $* in 'is-active containerd.service') echo active ;; 'is-enabled \
         containerd.service') echo enabled ;; esac",
    );
    machine.write("/etc/containerd/config.toml", "version = 2\n");
    machine.write("/var/lib/containerd/theirs", "x");
    let before = machine.tree();
    machine.run(&claim::script(&testing::mark("w1"))).succeeded();
    let mut facts = testing::with_containerd(testing::facts("10.0.0.1"), "1.7.24");
    facts.runtime.imports = Some(String::new());
    machine.run(&prepare::script(&testing::setup(), &facts, None).unwrap()).succeeded();
    machine.write("/var/lib/containerd/since", "x");
    left(&machine);
    assert_eq!(difference(&before, &machine.tree()), ["/var/lib/containerd/since"]);
    let calls = machine.calls();
    assert!(calls.contains(&"systemctl restart containerd.service".to_owned()), "{calls:#?}");
    assert!(!calls.iter().any(|call| call == "systemctl disable -q --now containerd"));
}

#[test]
fn what_cannot_be_removed_is_named_and_the_rest_goes() {
    let (machine, _) = used();
    machine.fake("sysctl", "exit 1");
    let answer = machine.run(&clean()).succeeded();
    assert_eq!(answer.all("left").collect::<Vec<_>>(), ["sysctl vm.overcommit_memory"]);
    assert!(!machine.exists("/var/lib/etcd"));
}

#[test]
fn a_reset_that_fails_is_told_and_the_mark_stays() {
    let (machine, _) = used();
    machine.fake("kubeadm", "echo 'etcd says no'; exit 1");
    let answer = machine.run(&reset()).failed();
    assert_eq!(answer.log(), ["etcd says no"]);
    assert!(machine.exists("/etc/kurator/owner"));
}

#[test]
fn groups_that_systemd_leaves_go_and_what_our_units_brought_up_is_stopped() {
    let machine = Machine::new();
    machine.run(&claim::script(&testing::mark("w1"))).succeeded();
    for pod in ["kubepods.slice/kubepods-burstable.slice", "system.slice"] {
        std::fs::create_dir_all(machine.path(&format!("/sys/fs/cgroup/cpuset/{pod}"))).unwrap();
    }
    machine.run(&clean()).succeeded();
    assert!(!machine.exists("/sys/fs/cgroup/cpuset/kubepods.slice"));
    assert!(machine.exists("/sys/fs/cgroup/cpuset/system.slice"));
    let calls = machine.calls();
    assert!(calls.contains(&"systemctl stop network-online.target".to_owned()), "{calls:#?}");

    let machine = Machine::new();
    machine.fake("systemctl", "[ \"$1\" != is-active ] || echo active");
    machine.run(&claim::script(&testing::mark("w1"))).succeeded();
    machine.run(&clean()).succeeded();
    let calls = machine.calls();
    assert!(!calls.iter().any(|call| call.ends_with(" network-online.target") && !call.contains(" is-")));
}

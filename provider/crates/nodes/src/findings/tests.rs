use domain::finding::{Check, Severity};
use domain::machine::{CgroupVersion, ClockOffset, ClusterFile, Listener, Program};
use domain::node::Role;
use domain::node_setup::{SwapPolicy, YamlText};
use domain::version::KubernetesVersion;

use super::*;
use crate::testing;

/// Findings about machines, control plane first, as `severity check machine: text`.
fn told(machines: &[MachineFacts], setup: &NodeSetup) -> Vec<String> {
    let nodes: Vec<_> = machines
        .iter()
        .enumerate()
        .map(|(index, facts)| {
            let (name, role) = if index == 0 {
                ("cp1".to_owned(), Role::ControlPlane)
            } else {
                (format!("w{index}"), Role::Worker)
            };
            testing::node(&name, role, &facts.default_address.unwrap().to_string())
        })
        .collect();
    let looked: BTreeMap<_, _> =
        nodes.iter().zip(machines).map(|(node, facts)| (node.name.clone(), Looked { node, facts })).collect();
    findings(&looked, setup, &testing::mark("cp1").mark)
        .into_iter()
        .map(|finding| {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            format!("{severity} {} {}: {}", finding.check.as_str(), finding.attribute, finding.text())
        })
        .collect()
}

/// What is told of one control plane that `change` made worse.
fn of(change: impl FnOnce(&mut MachineFacts)) -> Vec<String> {
    of_setup(&testing::setup(), change)
}

fn of_setup(setup: &NodeSetup, change: impl FnOnce(&mut MachineFacts)) -> Vec<String> {
    let mut facts = testing::facts("10.0.0.1");
    change(&mut facts);
    told(&[facts], setup)
}

#[track_caller]
fn only(told: &[String], severity: &str, check: Check, text: &str) {
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with(&format!("{severity} {} ", check.as_str())), "{told:#?}");
    assert!(told[0].contains(text), "{told:#?}");
}

#[test]
fn nothing_is_said_against_a_machine_that_is_fit() {
    let none: [String; 0] = [];
    assert_eq!(told(&[testing::facts("10.0.0.1"), testing::facts("10.0.0.2")], &testing::setup()), none);
}

#[test]
fn whoever_is_not_root_is_told() {
    only(&of(|facts| facts.uid = 1000), "error", Check::Sudo, "id 1000");
}

#[test]
fn systems_and_processors_that_are_not_served_are_told() {
    only(&of(|facts| facts.os.systemd = false), "error", Check::OperatingSystem, "systemd");
    only(&of(|facts| facts.os.id = "alpine".into()), "warning", Check::OperatingSystem, "neither");
    only(&of(|facts| facts.machine = "riscv64".into()), "error", Check::Architecture, "`riscv64`");
    let rocky = of(|facts| {
        facts.os.id = "rocky".into();
        facts.os.like = vec!["rhel".into()];
        facts.os.selinux = Some("Enforcing".into());
    });
    only(&rocky, "warning", Check::OperatingSystem, "container-selinux");
}

#[test]
fn old_and_bare_kernels_are_told() {
    only(&of(|facts| facts.kernel = "3.10.0-1160.el7.x86_64".into()), "error", Check::Kernel, "3.10.0");
    only(&of(|facts| facts.kernel = "4.18.0-553.el8".into()), "warning", Check::Kernel, "older than kubeadm");
    only(
        &of(|facts| {
            facts.missing_features.insert("overlay".into());
        }),
        "error",
        Check::Kernel,
        "no `overlay`",
    );
}

#[test]
fn control_groups_of_version_1_are_refused_from_1_35_on_unless_allowed() {
    let v1 = |facts: &mut MachineFacts| {
        facts.cgroup.version = CgroupVersion::V1;
        facts.cgroup.controllers =
            "cpu cpuacct cpuset devices freezer memory pids".split(' ').map(str::to_owned).collect();
    };
    let mut setup = testing::setup();
    assert!(of_setup(&setup, v1).is_empty());
    setup.version = KubernetesVersion::parse("1.35.0").unwrap();
    only(&of_setup(&setup, v1), "error", Check::Cgroup, "allow_cgroup_v1");
    setup.allow_cgroup_v1 = true;
    only(&of_setup(&setup, v1), "warning", Check::Cgroup, "version 1");
    only(
        &of(|facts| {
            facts.cgroup.controllers.remove("memory");
        }),
        "error",
        Check::Cgroup,
        "no `memory`",
    );
}

#[test]
fn what_a_machine_lacks_is_told_by_role() {
    only(&of(|facts| facts.memory_mib = 1_000), "error", Check::Memory, "1000 MiB");
    only(&of(|facts| facts.cpus = 1), "error", Check::Cpus, "one processor");
    only(
        &of(|facts| {
            facts.free_mib.insert("/var/lib/etcd".into(), 10);
        }),
        "error",
        Check::Disk,
        "`/var/lib/etcd` has 10 MiB",
    );
    let mut small = testing::facts("10.0.0.2");
    small.cpus = 1;
    small.memory_mib = 1_000;
    small.free_mib.insert("/var/lib/etcd".into(), 10);
    assert!(told(&[testing::facts("10.0.0.1"), small], &testing::setup()).is_empty());
}

#[test]
fn a_running_node_may_be_full() {
    let full = of(|facts| {
        facts.mark = Some(testing::mark("cp1"));
        facts.membership.initialized = true;
        facts.free_mib.insert("/var/lib/containerd".into(), 0);
    });
    assert!(full.is_empty(), "{full:?}");
}

#[test]
fn swap_is_refused_told_or_left_by_choice() {
    let swap = |facts: &mut MachineFacts| facts.swap.push("/dev/sda2".into());
    let mut setup = testing::setup();
    only(&of_setup(&setup, swap), "error", Check::Swap, "/dev/sda2");
    setup.swap = SwapPolicy::TurnOff;
    only(&of_setup(&setup, swap), "warning", Check::Swap, "turned off");
    setup.swap = SwapPolicy::Keep;
    assert!(of_setup(&setup, swap).is_empty());
}

#[test]
fn the_one_wrong_clock_is_told_of_its_machine() {
    let at = |ip: &str, ahead_ms: i64| {
        let mut facts = testing::facts(ip);
        facts.clock = Some(ClockOffset { least_ms: ahead_ms - 50, most_ms: ahead_ms + 50 });
        facts
    };
    let setup = testing::setup();
    let wrong = told(&[at("10.0.0.1", 0), at("10.0.0.2", 0), at("10.0.0.3", 60_000)], &setup);
    only(&wrong, "error", Check::Clock, "59.9 s ahead of");
    assert!(wrong[0].contains("machines[\"w2\"]"), "{wrong:?}");
    let behind = told(&[at("10.0.0.1", -3_000), at("10.0.0.2", 0), at("10.0.0.3", 0)], &setup);
    only(&behind, "warning", Check::Clock, "2.9 s behind");
}

#[test]
fn busy_ports_are_told_with_their_program_unless_the_node_is_ours() {
    let busy = |facts: &mut MachineFacts| {
        facts.listeners.insert(Listener { port: 6443, program: Some("haproxy".into()) });
        facts.listeners.insert(Listener { port: 8080, program: None });
    };
    only(&of(busy), "error", Check::Ports, "6443 (haproxy) already");
    assert!(
        of(|facts| {
            busy(facts);
            facts.mark = Some(testing::mark("cp1"));
        })
        .is_empty()
    );
}

#[test]
fn a_resolver_that_is_the_machine_itself_is_told() {
    let looped = |facts: &mut MachineFacts| facts.nameservers = vec!["127.0.0.1".into()];
    only(&of(looped), "error", Check::Resolver, "127.0.0.1");
    let mut setup = testing::setup();
    setup.kubelet = Some(YamlText("resolvConf: /etc/real.conf".into()));
    assert!(of_setup(&setup, looped).is_empty());
    only(&of(|facts| facts.nameservers.clear()), "warning", Check::Resolver, "no name server");
}

#[test]
fn copies_of_a_machine_are_told_of_both() {
    let mut copy = testing::facts("10.0.0.2");
    copy.machine_id = testing::facts("10.0.0.1").machine_id;
    let both = told(&[testing::facts("10.0.0.1"), copy], &testing::setup());
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(
        both[0].starts_with(
            "error identity machines[\"cp1\"].address: The machine has the machine-id of \"w1\""
        ),
        "{both:?}"
    );
    only(&of(|facts| facts.machine_id.clear()), "error", Check::Identity, "systemd-machine-id-setup");
}

#[test]
fn an_address_that_the_machine_does_not_have_is_told_at_its_attribute() {
    let told = of(|facts| facts.addresses = ["192.168.0.9".parse().unwrap()].into());
    only(&told, "error", Check::Identity, "192.168.0.9");
    assert!(told[0].contains("machines[\"cp1\"].private_ip"), "{told:?}");
}

#[test]
fn missing_programs_are_told_all_at_once() {
    let told = of(|facts| {
        facts.tools.remove("iptables");
        facts.tools.remove("curl");
    });
    only(&told, "error", Check::Tools, "no iptables, curl (or wget)");
    let mut setup = testing::setup();
    setup.version = KubernetesVersion::parse("1.31.4").unwrap();
    only(&of_setup(&setup, |_| ()), "error", Check::Tools, "conntrack");
}

#[test]
fn a_runtime_of_somebody_elses_must_be_usable() {
    let with = |version: &'static str| {
        move |facts: &mut MachineFacts| *facts = testing::with_containerd(facts.clone(), version)
    };
    assert!(of(with("1.7.24")).is_empty());
    only(&of(with("1.6.20")), "error", Check::Runtime, "1.7 or newer");
    only(
        &of(|facts| {
            with("2.1.0")(facts);
            facts.runtime.cri_disabled = true;
        }),
        "error",
        Check::Runtime,
        "disabled_plugins",
    );
    only(
        &of(|facts| {
            with("2.1.0")(facts);
            facts.runtime.imports = Some("[\"/x\"]".into());
        }),
        "error",
        Check::Runtime,
        "conf.d",
    );
    only(
        &of(|facts| {
            with("2.1.0")(facts);
            facts.runtime.runc = None;
        }),
        "error",
        Check::Runtime,
        "runc",
    );
    only(
        &of(|facts| facts.runtime.other_sockets.push("/run/crio/crio.sock".into())),
        "warning",
        Check::Runtime,
        "crio",
    );
}

#[test]
fn a_machine_of_somebody_elses_is_refused_by_name() {
    let other = of(|facts| {
        let mut mark = testing::mark("m7");
        mark.mark.name = "other".into();
        facts.mark = Some(mark);
    });
    only(
        &other,
        "error",
        Check::Cluster,
        "`kurator_custom_cluster` \"other\" of owner `default`, as its machine \"m7\"",
    );
    let hand = of(|facts| {
        facts.membership.kubelet = Some(ClusterFile { server: "https://k:6443".into(), ca_sha256: None });
    });
    only(&hand, "error", Check::Cluster, "the cluster at https://k:6443");
    only(&of(|facts| facts.membership.etcd_data = true), "error", Check::Cluster, "/var/lib/etcd");
    let kubelet = of(|facts| {
        facts.runtime.kubelet =
            Some(Program { path: "/usr/bin/kubelet".into(), version: "1.30.0".into(), ours: false });
        facts.membership.kubelet_unit = "active".into();
    });
    only(&kubelet, "error", Check::Cluster, "kubelet runs");
}

#[test]
fn a_machine_of_ours_carries_on_under_its_own_key_only() {
    let ours = |key: &'static str| {
        move |facts: &mut MachineFacts| {
            facts.mark = Some(testing::mark(key));
            facts.membership.admin = Some(ClusterFile { server: "https://api:6443".into(), ca_sha256: None });
            facts.membership.etcd_data = true;
        }
    };
    assert!(of(ours("cp1")).is_empty());
    only(&of(ours("cp9")), "error", Check::Cluster, "\"cp9\" of this very cluster");
}

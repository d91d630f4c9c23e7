use domain::node_setup::{ProxySpec, YamlText};
use proptest::prelude::*;

use super::*;
use crate::answer::Failure;
use crate::claim;
use crate::testing::{self, Machine};

const IP: &str = "10.77.0.11";

fn endpoint() -> IpAddr {
    IP.parse().unwrap()
}

/// A claimed machine whose kubeadm names its images.
fn claimed() -> Machine {
    let machine = Machine::new();
    machine.fake("kubeadm", "echo registry.k8s.io/kube-apiserver:v1.34.4\necho registry.k8s.io/pause:3.10.1");
    machine.write("/etc/hosts", "127.0.0.1 localhost\n");
    machine.run(&claim::script(&testing::mark("cp1"))).succeeded();
    machine.forget_calls();
    machine
}

fn prepared(setup: &NodeSetup, facts: &MachineFacts) -> Script {
    script(setup, facts, Some(endpoint())).unwrap()
}

#[test]
fn families_and_generations_have_their_own_files() {
    let setup = testing::setup();
    let debian = testing::facts(IP);
    insta::assert_snapshot!("debian", prepared(&setup, &debian).definitions());
    let mut rocky = debian.clone();
    rocky.os.id = "rocky".into();
    rocky.os.like = vec!["rhel".into(), "centos".into(), "fedora".into()];
    insta::assert_snapshot!("rocky", prepared(&setup, &rocky).definitions());
    insta::assert_snapshot!(
        "containerd_1_7",
        prepared(&setup, &testing::with_containerd(debian, "1.7.24")).definitions()
    );
}

#[test]
fn a_machine_is_prepared_once() {
    let machine = claimed();
    let setup = testing::setup();
    let facts = testing::facts(IP);
    let first = machine.run(&prepared(&setup, &facts)).succeeded();
    assert!(first.all("changed").any(|path| path == "/etc/containerd/config.toml"));
    assert!(machine.read("/etc/containerd/config.toml").contains("registry.k8s.io/pause:3.10.1"));
    assert_eq!(
        machine.read("/etc/hosts"),
        "127.0.0.1 localhost\n10.77.0.11 api.factory.internal # kurator:factory\n"
    );
    assert!(machine.calls().iter().any(|call| call == "systemctl restart containerd"));
    let before = machine.tree();
    machine.forget_calls();
    let second = machine.run(&prepared(&setup, &facts)).succeeded();
    assert_eq!(second.all("changed").count(), 0, "{second:?}");
    assert_eq!(machine.tree(), before);
    assert!(
        !machine.calls().iter().any(|call| call.contains("restart") || call.contains("reload")),
        "{:?}",
        machine.calls()
    );
}

#[test]
fn what_somebody_changed_is_mended() {
    let machine = claimed();
    let (setup, facts) = (testing::setup(), testing::facts(IP));
    machine.run(&prepared(&setup, &facts)).succeeded();
    machine.write("/etc/sysctl.d/99-kurator.conf", "net.ipv4.ip_forward = 0\n");
    machine.write(
        "/etc/hosts",
        "127.0.0.1 localhost\n10.77.0.99 api.factory.internal # kurator:factory\n::1 six\n",
    );
    let answer = machine.run(&prepared(&setup, &facts)).succeeded();
    assert_eq!(answer.all("changed").collect::<Vec<_>>(), ["/etc/sysctl.d/99-kurator.conf"]);
    assert_eq!(machine.read("/etc/sysctl.d/99-kurator.conf"), SYSCTLS);
    assert_eq!(
        machine.read("/etc/hosts"),
        "127.0.0.1 localhost\n::1 six\n10.77.0.11 api.factory.internal # kurator:factory\n"
    );
}

#[test]
fn a_mirror_that_is_no_longer_wanted_is_taken_back() {
    let machine = claimed();
    let mut setup = testing::setup();
    let facts = testing::facts(IP);
    setup.mirrors.0.insert("docker.io".into(), "m.example".into());
    machine.run(&prepared(&setup, &facts)).succeeded();
    let path = "/etc/containerd/certs.d/docker.io/hosts.toml";
    assert!(machine.exists(path));
    setup.mirrors.0.clear();
    machine.forget_calls();
    machine.run(&prepared(&setup, &facts)).succeeded();
    assert!(!machine.exists(path));
    // Mirrors are read at every pull.
    assert!(!machine.calls().contains(&"systemctl restart containerd".to_owned()), "{:?}", machine.calls());
}

#[test]
fn a_runtime_of_somebody_elses_keeps_its_configuration() {
    let machine = claimed();
    machine.write("/etc/containerd/config.toml", "version = 2\n[grpc]\n  gid = 7\n");
    let setup = testing::setup();
    let mut facts = testing::with_containerd(testing::facts(IP), "1.7.24");
    facts.runtime.imports = Some(String::new());
    for _ in 0..2 {
        machine.run(&prepared(&setup, &facts)).succeeded();
        assert_eq!(
            machine.read("/etc/containerd/config.toml"),
            "imports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 2\n[grpc]\n  gid = 7\n"
        );
        // What a look tells from now on.
        facts.runtime.imports = None;
    }
    assert!(machine.read("/etc/containerd/conf.d/50-kurator.toml").starts_with("version = 2"));
    assert!(!machine.exists("/etc/systemd/system/containerd.service"));
    facts.runtime.imports = Some("[\"/etc/containerd/conf.d/*.toml\"]".into());
    assert!(prepared(&setup, &facts).definitions().contains("IMPORT=''"));
}

#[test]
fn a_machine_without_our_mark_is_not_touched() {
    let machine = Machine::new();
    let before = machine.tree();
    let failure = machine.run(&prepared(&testing::setup(), &testing::facts(IP))).failed().failure();
    assert_eq!(failure, Some(Failure::Unclaimed));
    assert_eq!(machine.tree(), before);
}

#[test]
fn a_runtime_that_does_not_start_is_told_with_its_log() {
    let machine = claimed();
    machine.fake("systemctl", "[ \"$1\" != restart ]");
    machine.fake("journalctl", "echo 'bad configuration'");
    let answer = machine.run(&prepared(&testing::setup(), &testing::facts(IP))).failed();
    assert_eq!(
        answer.failure(),
        Some(Failure::Step { step: "containerd".into(), text: "it does not start".into() })
    );
    assert_eq!(answer.log(), ["bad configuration"]);
}

#[test]
fn a_proxy_reaches_the_runtime_and_kubeadm_and_nobody_reads_it() {
    let machine = claimed();
    let mut setup = testing::setup();
    setup.proxy =
        Some(ProxySpec { http: None, https: Some("http://u:p%20q@proxy:3128".into()), no_proxy: vec![] });
    machine.run(&prepared(&setup, &testing::facts(IP))).succeeded();
    let unit = "/etc/systemd/system/containerd.service.d/50-kurator-proxy.conf";
    assert!(machine.read(unit).contains("Environment=\"HTTPS_PROXY=http://u:p%%20q@proxy:3128\""));
    assert_eq!((machine.mode(unit), machine.mode("/etc/kurator/proxy.env")), (0o600, 0o600));
    setup.proxy = None;
    machine.run(&prepared(&setup, &testing::facts(IP))).succeeded();
    assert!(!machine.exists(unit) && !machine.exists("/etc/kurator/proxy.env"));
}

#[test]
fn swap_goes_off_only_where_that_was_chosen() {
    let machine = claimed();
    let mut setup = testing::setup();
    machine.run(&prepared(&setup, &testing::facts(IP))).succeeded();
    assert!(!machine.calls().iter().any(|call| call.starts_with("swapoff")));
    setup.swap = SwapPolicy::TurnOff;
    machine.run(&prepared(&setup, &testing::facts(IP))).succeeded();
    assert!(machine.calls().contains(&"swapoff -a".to_owned()));
    assert!(machine.read("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf").contains("swapoff -a"));
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_is_sent() {
    let mut setup = testing::setup();
    setup.containerd = Some(YamlText("[".into()));
    assert!(matches!(script(&setup, &testing::facts(IP), None), Err(Problem::Yaml { .. })));
    setup.containerd = None;
    setup.endpoint.dns_managed = true;
    assert!(prepared(&setup, &testing::facts(IP)).definitions().contains("ENDPOINT_ADDRESS=''"));
}

#[test]
fn a_preparation_is_known_by_its_digest_once_it_is_through() {
    let machine = claimed();
    let setup = testing::setup();
    let digest = wanted(&setup, Some(endpoint())).unwrap();
    machine.run(&prepared(&setup, &testing::facts(IP))).succeeded();
    assert_eq!(machine.read("/etc/kurator/preparation"), format!("{digest}\n"));
    machine.fake("systemctl", "[ \"$1\" != restart ]");
    let mut other = setup.clone();
    other.containerd = Some(YamlText("oom_score: -1".into()));
    machine.run(&prepared(&other, &testing::facts(IP))).failed();
    assert!(!machine.exists("/etc/kurator/preparation"));
    assert_ne!(wanted(&other, Some(endpoint())).unwrap(), digest);
    other = setup.clone();
    other.artifacts.versions.insert(ArtifactName::Runc, "1.4.3".into());
    assert_ne!(wanted(&other, Some(endpoint())).unwrap(), digest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn our_line_comes_once_and_goes_without_a_trace(
        lines in prop::collection::vec("[a-z0-9.: #\t]{0,24}", 0..6),
        ended in any::<bool>(),
        times in 1_usize..3,
    ) {
        let mut content = lines.join("\n");
        if ended && !content.is_empty() { content.push('\n'); }
        let machine = Machine::new();
        machine.write("/etc/hosts", &content);
        // What a claim notes of such a file.
        let open = !content.is_empty() && !content.ends_with('\n');
        machine.write("/etc/kurator/before", if open { "hosts without end\n" } else { "" });
        let hosts = |body| Script::new("hosts", body).set("CLUSTER", "factory");
        for _ in 0..times {
            machine.run(&hosts(SET)).succeeded();
        }
        let set = machine.read("/etc/hosts");
        prop_assert_eq!(set.matches("# kurator:factory").count(), 1);
        prop_assert!(set.ends_with("10.0.0.1 api.x # kurator:factory\n"));
        machine.run(&hosts(RESTORE)).succeeded();
        prop_assert_eq!(machine.read("/etc/hosts"), content);
    }
}

const SET: &str = concat!(include_str!("../sh/hosts.sh"), "\nhosts_set 10.0.0.1 api.x\n");
const RESTORE: &str = concat!(include_str!("../sh/hosts.sh"), "\nhosts_restore\n");

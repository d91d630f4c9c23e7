use domain::node::Role;
use domain::node_setup::YamlText;

use super::*;
use crate::answer::Failure;
use crate::claim;
use crate::testing::{self, Machine};

const COMMAND: &str = "kubeadm join api.factory.internal:6443 --token abcdef.0123456789abcdef \
     --discovery-token-ca-cert-hash sha256:00ff ";
/// SHA-256 of `cert`, which is the certificate of these tests.
const CA: &str = "06298432e8066b29e2223bcc23aa9504b56ae508fabf3435508869b9c3190e22";

/// A claimed machine that runs what systemd is asked to run, at once.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.fake("systemd-run", "while [ \"$1\" != /bin/sh ]; do shift; done\nPATH=$ROOT/programs \"$@\"");
    machine.fake("systemctl", "case $1 in is-active) exit 3 ;; esac");
    machine.run(&claim::script(&testing::mark("cp1"))).succeeded();
    machine.forget_calls();
    machine
}

/// A kubeadm that makes what the real one makes, as far as scripts look at it, and shows a token in its log.
const KUBEADM: &str = "k=$ROOT/etc/kubernetes
case \"$1 $2\" in
  'init --config')
    cp \"$3\" \"$ROOT/seen\"
    echo 'Using token: abcdef.0123456789abcdef'
    [ ! -e \"$ROOT/broken\" ] || { echo 'it is broken' >&2; exit 1; }
    mkdir -p $k/pki; printf cert >$k/pki/ca.crt; echo x >$k/admin.conf ;;
  'join --config')
    cp \"$3\" \"$ROOT/seen\"
    [ ! -e \"$ROOT/broken\" ] || { echo 'it is broken' >&2; exit 1; }
    echo 'certificate-authority-data: Y2VydA==' >$k/kubelet.conf ;;
  'reset -f') rm -rf $k/pki $k/*.conf ;;
esac";

fn control_plane() -> NodeSpec {
    testing::node("cp1", Role::ControlPlane, "10.77.0.11")
}

fn init_script() -> Script {
    init(&testing::setup(), &control_plane()).unwrap()
}

fn ran(machine: &Machine, command: &str) -> usize {
    machine.calls().iter().filter(|call| call.starts_with(command)).count()
}

#[test]
fn init_runs_once() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    let run = machine.run(&init_script());
    assert_eq!(
        initialized(&run.stdout),
        Some(Initialized { how: How::Ran, ca_sha256: CA.into() }),
        "{}",
        run.stderr
    );
    assert!(machine.read("/seen").contains("kind: InitConfiguration"));
    let again = machine.run(&init_script());
    assert_eq!(initialized(&again.stdout).unwrap().how, How::Ran);
    assert_eq!(ran(&machine, "kubeadm init"), 1);
}

#[test]
fn a_configuration_is_gone_after_use_and_tokens_are_in_no_log() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    machine.write("/broken", "");
    let answer = machine.run(&init_script()).failed();
    assert_eq!(answer.failure(), Some(Failure::Step { step: "init".into(), text: "it ended with 1".into() }));
    assert_eq!(answer.log(), ["Using token: [token]", "it is broken"]);
    assert!(!machine.exists("/etc/kurator/init.yaml"));
    // What stood in the way is gone: the same step comes to its end.
    std::fs::remove_file(machine.path("/broken")).unwrap();
    assert!(initialized(&machine.run(&init_script()).stdout).is_some());
    assert!(!machine.exists("/etc/kurator/init.yaml") && !machine.exists("/var/log/kurator/init.log"));
    assert!(machine.tree().values().all(|content| !content.contains("0123456789abcdef")));
}

#[test]
fn an_init_that_was_cut_off_after_the_api_came_up_is_carried_on() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    machine.write("/etc/kubernetes/admin.conf", "x");
    machine.write("/etc/kubernetes/pki/ca.crt", "cert");
    let run = machine.run(&init_script());
    assert_eq!(initialized(&run.stdout).unwrap().how, How::CarriedOn, "{}", run.stderr);
    assert_eq!((ran(&machine, "kubeadm init --config"), ran(&machine, "kubeadm reset")), (0, 0));
    assert_eq!(ran(&machine, "kubeadm init phase"), 5);
    assert_eq!(initialized(&machine.run(&init_script()).stdout).unwrap().how, How::Ran);
    assert_eq!(ran(&machine, "kubeadm init phase"), 5);
}

#[test]
fn an_init_that_was_cut_off_before_starts_over() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    machine.fake("kubectl", "exit 1");
    machine.write("/etc/kubernetes/pki/ca.key", "half");
    let run = machine.run(&init_script());
    assert_eq!(initialized(&run.stdout).unwrap().how, How::StartedOver, "{}", run.stderr);
    assert_eq!((ran(&machine, "kubeadm reset -f"), ran(&machine, "kubeadm init --config")), (1, 1));
    assert!(!machine.exists("/etc/kubernetes/pki/ca.key"));
}

#[test]
fn an_init_that_still_runs_is_waited_for() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    // The unit is there at the first question, and has ended well at the second.
    machine.fake(
        "systemctl",
        "case $1 in is-active)
          [ ! -e \"$ROOT/asked\" ] || { mkdir -p $ROOT/etc/kurator/run $ROOT/etc/kubernetes/pki
            : >$ROOT/etc/kurator/run/init.done; printf cert >$ROOT/etc/kubernetes/pki/ca.crt; : >$ROOT/etc/kubernetes/admin.conf; exit 3; }
          : >\"$ROOT/asked\" ;; esac",
    );
    let run = machine.run(&init_script());
    assert_eq!(initialized(&run.stdout).unwrap().how, How::JoinedIn, "{}", run.stderr);
    assert_eq!(ran(&machine, "kubeadm init"), 0);
}

#[test]
fn systemd_is_hardly_asked_about_a_step_that_runs() {
    let machine = machine();
    machine.fake("kubeadm", &format!("[ \"$1 $2\" != 'init --config' ] || sleep 1\n{KUBEADM}"));
    machine.fake(
        "systemd-run",
        "while [ \"$1\" != /bin/sh ]; do shift; done
        : >$ROOT/running
        (PATH=$ROOT/programs \"$@\"; rm $ROOT/running) &",
    );
    machine.fake("systemctl", "case $1 in is-active) [ -e $ROOT/running ] ;; esac");
    let run = machine.run(&init_script());
    assert_eq!(initialized(&run.stdout).unwrap().how, How::Ran, "{}", run.stderr);
    // Before it begins, right after, and when it is over.
    assert!(ran(&machine, "systemctl is-active") < 5, "{:?}", machine.calls());
}

#[test]
fn a_step_that_was_ended_by_force_is_noticed() {
    let machine = machine();
    machine.fake("systemd-run", ": >$ROOT/running");
    // There at the first question of whoever waits, and gone at the next.
    machine.fake("systemctl", "case $1 in is-active) [ -e $ROOT/running ] && rm $ROOT/running ;; esac");
    let answer = machine.run(&init_script()).failed();
    let text = "it ended with no code".into();
    assert_eq!(answer.failure(), Some(Failure::Step { step: "init".into(), text }));
}

#[test]
fn the_key_that_encrypts_secrets_is_made_once_and_read_by_root_alone() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    machine.run(&init_script()).succeeded();
    let path = "/etc/kubernetes/kurator/encryption.yaml";
    let text = machine.read(path);
    let key = text.lines().find_map(|line| line.trim().strip_prefix("secret: ")).unwrap().to_owned();
    assert_eq!((key.len(), machine.mode(path)), (44, 0o600));
    std::fs::remove_file(machine.path("/etc/kurator/run/init.done")).unwrap();
    machine.run(&init_script()).succeeded();
    assert_eq!(machine.read(path), text);
}

#[test]
fn patches_and_audit_policy_are_there_before_init() {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    let mut setup = testing::setup();
    setup.patches.insert("etcd0+merge.yaml".into(), "spec: {}\n".into());
    setup.audit_policy = Some(YamlText("kind: Policy\n".into()));
    machine.run(&init(&setup, &control_plane()).unwrap()).succeeded();
    assert_eq!(machine.read("/etc/kubernetes/patches/etcd0+merge.yaml"), "spec: {}\n");
    assert_eq!(machine.read(paths::AUDIT_POLICY), "kind: Policy\n");
}

#[test]
fn a_token_is_read_and_shown_to_nobody() {
    let machine = machine();
    machine.fake("kubeadm", &format!("echo '{COMMAND}'"));
    let made = token(Duration::from_mins(15));
    assert_eq!(made.secrecy(), Secrecy::Output);
    let token = read_token(&machine.run(&made).stdout).unwrap();
    assert_eq!(token.id(), "abcdef");
    assert!(!format!("{token:?}").contains("0123456789abcdef"));
    assert!(machine.calls()[0].contains("--ttl 900s"), "{:?}", machine.calls());
    machine.run(&take_back(&token)).succeeded();
    assert!(machine.calls()[1].ends_with("token delete --kubeconfig /etc/kubernetes/admin.conf abcdef"));
    assert_eq!(JoinToken::from_command("kubeadm join x --token short"), None);
}

fn join_script() -> Script {
    let worker = testing::node("w1", Role::Worker, "10.77.0.21");
    let token = JoinToken::from_command(COMMAND).unwrap();
    join(&testing::setup(), &worker, &token, None, CA, Duration::from_secs(1)).unwrap()
}

/// A machine where the API answers and knows the token.
fn joinable() -> Machine {
    let machine = machine();
    machine.fake("kubeadm", KUBEADM);
    machine.fake("curl", "echo '{\"data\": {\"jws-kubeconfig-abcdef\": \"x\"}}'");
    machine.write("/etc/kubernetes/manifests/x", "");
    machine
}

#[test]
fn a_machine_joins_once_and_its_token_is_in_no_argument() {
    let machine = joinable();
    assert_eq!(join_script().secrecy(), Secrecy::Text);
    let run = machine.run(&join_script());
    assert_eq!(joined(&run.stdout), Some(How::Ran), "{}", run.stderr);
    assert!(machine.read("/seen").contains("abcdef.0123456789abcdef"));
    assert_eq!(joined(&machine.run(&join_script()).stdout), Some(How::Ran));
    assert_eq!(ran(&machine, "kubeadm join"), 1);
    assert!(machine.calls().iter().all(|call| !call.contains("0123456789abcdef")));
    assert!(!machine.exists("/etc/kurator/join.yaml"));
}

#[test]
fn a_join_that_fails_leaves_no_configuration_and_says_why() {
    let machine = joinable();
    machine.write("/broken", "");
    let answer = machine.run(&join_script()).failed();
    assert_eq!(answer.log(), ["it is broken"]);
    assert!(!machine.exists("/etc/kurator/join.yaml"));
}

#[test]
fn a_membership_of_another_cluster_or_half_a_join_is_reset_first() {
    let machine = joinable();
    machine.write("/etc/kurator/run/join.done", "");
    machine.write("/etc/kubernetes/kubelet.conf", "certificate-authority-data: b3RoZXI=\n");
    assert_eq!(joined(&machine.run(&join_script()).stdout), Some(How::StartedOver));
    assert_eq!((ran(&machine, "kubeadm reset -f"), ran(&machine, "kubeadm join")), (1, 1));
}

#[test]
fn an_api_that_does_not_answer_or_does_not_know_the_token_is_told() {
    let machine = joinable();
    machine.fake("curl", "exit 7");
    let failure = machine.run(&join_script()).failed().failure();
    assert_eq!(failure, Some(Failure::Unreachable("api.factory.internal:6443".into())));
    machine.fake("curl", "echo '{}'");
    assert_eq!(machine.run(&join_script()).failed().failure(), Some(Failure::Unsigned("abcdef".into())));
    assert_eq!(ran(&machine, "kubeadm join"), 0);
    assert!(!machine.exists("/etc/kurator/join.yaml"));
}

//! Machines that become the nodes of a cluster: over [`FakeMachines`] and [`FakeClusters`] they do what the scripts of a
//! custom cluster do on real machines, by the scripts' names and variables alone.
//!
//! ```
//! use testkit::fake_site::FakeSite;
//!
//! let site = FakeSite::default();
//! site.add("10.77.0.11");
//! assert!(site.is_clean("10.77.0.11"));
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::custom_cluster::NodeState;
use domain::name::Name;

use crate::fake_kube::FakeClusters;
use crate::fake_machines::{FakeMachines, Files};

/// What every one of these machines tells of itself.
const LOOK: &str = "kurator:uid 0
kurator:machine x86_64
kurator:kernel 6.18.5
kurator:os ID debian
kurator:os VERSION_ID 13
kurator:os PRETTY_NAME Debian GNU/Linux 13 (trixie)
kurator:systemd yes
kurator:cgroup 2
kurator:controller cpu
kurator:controller cpuset
kurator:controller memory
kurator:controller pids
kurator:memory-kib 8388608
kurator:cpus 4
kurator:free-kib /var/lib/kubelet 41943040
kurator:free-kib /var/lib/containerd 41943040
kurator:free-kib /var/lib/etcd 41943040
kurator:free-kib /usr/local/bin 41943040
kurator:nameserver 10.0.0.53
kurator:tool bash
kurator:tool cp
kurator:tool curl
kurator:tool gzip
kurator:tool ip
kurator:tool iptables
kurator:tool losetup
kurator:tool mount
kurator:tool nsenter
kurator:tool systemd-run
kurator:tool tar
kurator:tool base64
kurator:tool conntrack
";

/// How a machine begins to tell whether the cluster that it is a node of answers.
const ALIVE: &str = "kurator:alive ";

/// The digest of the authority of a fake cluster.
const AUTHORITY: &str = "5a17";

/// One machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Host {
    /// The lines of the owner mark.
    owner: Option<String>,
    preparation: Option<String>,
    initialized: bool,
    joined: bool,
}

#[derive(Default)]
struct State {
    hosts: BTreeMap<String, Host>,
    /// The scripts that were run, host and name.
    ran: Vec<(String, String)>,
    /// What a script says instead of doing anything, by host and name, how often.
    failing: BTreeMap<(String, String), (String, usize)>,
    /// What a machine tells of itself beside or instead of what all tell, and what it keeps when it is cleaned.
    telling: BTreeMap<String, Vec<String>>,
    keeping: BTreeMap<String, String>,
    /// Who holds the lock on a machine, and how often that one has said so.
    holding: BTreeMap<String, (String, u64)>,
    /// How many clusters there ever were.
    made: usize,
}

/// Machines and the cluster that is made of them. Clones share one world.
#[derive(Clone, Default)]
pub struct FakeSite {
    /// The way to the machines.
    pub machines: FakeMachines,
    /// The way to the cluster, once there is one.
    pub clusters: FakeClusters,
    state: Arc<Mutex<State>>,
}

impl FakeSite {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a machine that nothing was put on.
    pub fn add(&self, host: &str) {
        let at = format!("{host}:22");
        self.machines.add(&at);
        self.state().hosts.insert(host.to_owned(), Host::default());
        let (site, host) = (self.clone(), host.to_owned());
        self.machines.carry_out(&at, move |script, files| Some(site.run(&host, script, files)));
    }

    /// Installs a machine anew: nothing of what it held is left.
    pub fn reinstall(&self, host: &str) {
        self.machines.remove(&format!("{host}:22"));
        self.add(host);
    }

    /// Lets the script `name` fail `times` on a machine, before it does anything, and say `says`.
    pub fn fail(&self, host: &str, name: &str, says: &str, times: usize) {
        let failing = (format!("kurator:failed {says}\n"), times);
        self.state().failing.insert((host.to_owned(), name.to_owned()), failing);
    }

    /// Lets the answer of the script `name` break off before it says anything, `times`.
    pub fn cut_off(&self, host: &str, name: &str, times: usize) {
        self.state().failing.insert((host.to_owned(), name.to_owned()), (String::new(), times));
    }

    /// Lets a machine tell one line more of itself, in the place of what it told of the same thing.
    pub fn tells(&self, host: &str, line: &str) {
        self.state().telling.entry(host.to_owned()).or_default().push(line.to_owned());
    }

    /// Lets something stay on a machine when it is cleaned.
    pub fn leaves(&self, host: &str, what: &str) {
        self.state().keeping.insert(host.to_owned(), what.to_owned());
    }

    /// Lets somebody hold the lock on a machine, and renew it whenever it is asked for.
    pub fn hold_lock(&self, host: &str, who: &str) {
        self.state().holding.insert(host.to_owned(), (who.to_owned(), 0));
    }

    /// How often a script of that name came to its end on a machine.
    pub fn runs(&self, host: &str, name: &str) -> usize {
        self.state().ran.iter().filter(|(at, ran)| at == host && ran == name).count()
    }

    /// The lines of a machine's mark.
    pub fn owner(&self, host: &str) -> Option<String> {
        self.state().hosts.get(host)?.owner.clone()
    }

    /// Whether nothing of ours is on a machine.
    pub fn is_clean(&self, host: &str) -> bool {
        let is_clean = self.state().hosts.get(host).is_none_or(|host| *host == Host::default());
        is_clean && self.machines.files(&format!("{host}:22")).is_empty()
    }

    /// The uid of the cluster on a machine that is a control plane.
    pub fn uid(&self, host: &str) -> Option<String> {
        self.clusters.world().on_machines.get(host).cloned()
    }

    fn run(&self, at: &str, script: &str, files: &mut Files) -> (u32, String) {
        let name = script.lines().find_map(|line| line.strip_prefix("# kurator: ")).unwrap_or_default();
        let mut state = self.state();
        if let Some((says, times)) = state.failing.get_mut(&(at.to_owned(), name.to_owned()))
            && *times > 0
        {
            *times -= 1;
            return (0, says.clone());
        }
        state.ran.push((at.to_owned(), name.to_owned()));
        let state = &mut *state;
        let Some(host) = state.hosts.get_mut(at) else { return (1, String::new()) };
        let said = match name {
            "look" => look(at, host, state.telling.get(at).map_or(&[], Vec::as_slice)),
            "reach" => variable(script, "PEERS")
                .split_whitespace()
                .map(|peer| format!("kurator:reach {peer} refused\n"))
                .chain(["kurator:end reach\n".to_owned()])
                .collect(),
            "alive" => {
                let told = state.telling.get(at).map_or(&[][..], Vec::as_slice);
                let last = told.iter().rev().find(|line| line.starts_with(ALIVE));
                format!("{}\nkurator:end alive\n", last.map_or("kurator:alive no", String::as_str))
            }
            "claim" => claim(script, host),
            "prepare" => {
                host.preparation = Some(variable(script, "DIGEST"));
                "kurator:prepared\n".to_owned()
            }
            "init" => self.init(at, host, &mut state.made),
            "join" => self.join(host, &state.ran),
            "reset" => {
                (host.initialized, host.joined) = (false, false);
                self.clusters.world().on_machines.remove(at);
                "kurator:reset\n".to_owned()
            }
            "clean" => {
                *host = Host { owner: host.owner.take(), ..Host::default() };
                let kept = state.keeping.get(at).map(|what| format!("kurator:left {what}\n"));
                format!("{}kurator:cleaned\n", kept.unwrap_or_default())
            }
            "forget" => {
                host.owner = None;
                files.clear();
                "kurator:forgotten\n".to_owned()
            }
            "token" => "kurator:token kubeadm join api:6443 --token abcdef.0123456789abcdef \
                        --discovery-token-ca-cert-hash sha256:00\n"
                .to_owned(),
            "lock" => match state.holding.get_mut(at) {
                Some((who, until)) => {
                    *until += 1;
                    format!("kurator:held theirs {until} {who}\n")
                }
                None => "kurator:locked\n".to_owned(),
            },
            "fetch" => "kurator:fetched\n".to_owned(),
            "renewal" => "kurator:renewal\n".to_owned(),
            "untoken" => "kurator:untokened\n".to_owned(),
            _ => String::new(),
        };
        (0, said)
    }

    fn init(&self, at: &str, host: &mut Host, made: &mut usize) -> String {
        if host.owner.is_none() {
            return "kurator:failed unclaimed\n".to_owned();
        }
        if !host.initialized {
            *made += 1;
            let uid = format!("uid-{at}-{made}");
            let mut world = self.clusters.world();
            world.on_machines.insert(at.to_owned(), uid.clone());
            world.cluster(&uid).nodes = node(host).into_iter().collect();
            host.initialized = true;
        }
        format!("kurator:ca {AUTHORITY}\nkurator:initialized ran\n")
    }

    fn join(&self, host: &mut Host, ran: &[(String, String)]) -> String {
        if host.owner.is_none() {
            return "kurator:failed unclaimed\n".to_owned();
        }
        // The newest control plane is the one that gave the token.
        let gave = ran.iter().rev().find(|(_, name)| name == "token").map(|(at, _)| at.clone());
        let mut world = self.clusters.world();
        let Some(uid) = gave.and_then(|at| world.on_machines.get(&at).cloned()) else {
            return "kurator:failed unreachable api:6443\n".to_owned();
        };
        world.cluster(&uid).nodes.extend(node(host));
        host.joined = true;
        "kurator:joined ran\n".to_owned()
    }
}

/// The node that a machine becomes.
fn node(host: &Host) -> Option<(Name, NodeState)> {
    let name = host.owner.as_deref()?.lines().find_map(|line| line.strip_prefix("machine="))?;
    let state =
        NodeState { ready: true, schedulable: true, version: "1.34.4".to_owned(), ..NodeState::default() };
    Some((Name::parse(name).ok()?, state))
}

/// A machine does not know itself by name: its address tells it from the others.
fn look(at: &str, host: &Host, telling: &[String]) -> String {
    let about = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let instead: Vec<String> = telling.iter().map(|line| about(line)).collect();
    let own = format!(
        "kurator:clock {}\nkurator:hostname host-{at}\nkurator:machine-id {at:0>32}\nkurator:address {at}\n\
         kurator:default {at}\n",
        jiff::Timestamp::now().as_second()
    );
    let usual = LOOK.lines().chain(own.lines()).filter(|line| !instead.contains(&about(line)));
    let mut said: Vec<String> = telling.to_vec();
    said.extend(usual.map(str::to_owned));
    let mut see = |line: String| said.push(format!("kurator:{line}"));
    for line in host.owner.iter().flat_map(|owner| owner.lines()) {
        see(format!("owner {line}"));
    }
    if let Some(digest) = &host.preparation {
        see(format!("preparation {digest}"));
    }
    if host.initialized {
        see(format!("admin https://api:6443 {AUTHORITY}"));
        see("done init".to_owned());
    }
    if host.initialized || host.joined {
        see(format!("kubelet https://api:6443 {AUTHORITY}"));
        see(format!("ca {AUTHORITY}"));
    }
    if host.joined {
        see("done join".to_owned());
    }
    see("end look".to_owned());
    said.join("\n")
}

fn claim(script: &str, host: &mut Host) -> String {
    let after = script.split_once("owner() {\n").map(|(_, rest)| rest).unwrap_or_default();
    let wanted = after.lines().skip(1).take_while(|line| !line.starts_with("KURATOR_END"));
    let wanted = wanted.collect::<Vec<_>>().join("\n");
    let of = |owner: &str| -> Vec<String> {
        let keys = ["kind=", "name=", "owner="];
        owner.lines().filter(|line| keys.iter().any(|key| line.starts_with(key))).map(str::to_owned).collect()
    };
    if let Some(owner) = &host.owner
        && of(owner) != of(&wanted)
    {
        return format!("kurator:failed claimed {}\n", owner.replace('\n', " "));
    }
    host.owner = Some(wanted);
    "kurator:claimed\n".to_owned()
}

/// The value of a variable that a script begins with.
fn variable(script: &str, name: &str) -> String {
    let start = format!("{name}='");
    let value = script.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('\''));
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_claimed_by_one_and_made_a_control_plane_once() {
        let site = FakeSite::default();
        site.add("10.0.0.1");
        let mut files = Files::new();
        let claim = |name: &str| {
            format!(
                "# kurator: claim\nowner() {{\ncat <<'KURATOR_END'\nkind=k\nname={name}\nowner=o\nmachine=cp1\nKURATOR_END\n}}\n"
            )
        };
        assert_eq!(site.run("10.0.0.1", &claim("a"), &mut files).1, "kurator:claimed\n");
        assert!(site.run("10.0.0.1", &claim("b"), &mut files).1.starts_with("kurator:failed claimed"));
        site.run("10.0.0.1", "# kurator: init\n", &mut files);
        let uid = site.uid("10.0.0.1");
        site.run("10.0.0.1", "# kurator: init\n", &mut files);
        assert_eq!((site.uid("10.0.0.1"), site.runs("10.0.0.1", "init")), (uid, 2));
        assert!(!site.is_clean("10.0.0.1"));
        for name in ["reset", "clean", "forget"] {
            site.run("10.0.0.1", &format!("# kurator: {name}\n"), &mut files);
        }
        assert!(site.is_clean("10.0.0.1") && site.uid("10.0.0.1").is_none());
    }
}

//! One look at a machine: everything that a preflight and a resume need, in one round trip, changing nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::machine::{
    CgroupFacts, CgroupVersion, ClockOffset, ClusterFile, Listener, MachineFacts, MembershipFacts, OsFacts,
    Program, RuntimeFacts,
};
use domain::node::Role;

use crate::answer::Answer;
use crate::script::Script;
use crate::{claim, sizes};

/// Kernel features by the name of their module, and the option of a kernel that has them built in.
const FEATURES: [&str; 4] =
    ["overlay:OVERLAY_FS", "br_netfilter:BRIDGE_NETFILTER", "nf_conntrack:NF_CONNTRACK", "nf_nat:NF_NAT"];

/// Programs whose presence matters.
pub(crate) const TOOLS: [&str; 15] = [
    "bash",
    "conntrack",
    "cp",
    "curl",
    "gzip",
    "ip",
    "iptables",
    "losetup",
    "mount",
    "nft",
    "nsenter",
    "systemd-run",
    "tar",
    "wget",
    "base64",
];

/// The script. It runs without root too, but then sees less.
pub fn script() -> Script {
    let paths: Vec<_> = sizes::free_mib(Role::ControlPlane).iter().map(|(path, _)| *path).collect();
    Script::new("look", include_str!("sh/look.sh"))
        .set("FEATURES", &FEATURES.join(" "))
        .set("TOOLS", &TOOLS.join(" "))
        .set("PATHS", &paths.join(" "))
}

/// When a look was sent and when its answer was there, by our clock: milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Just before it was sent.
    pub sent_ms: i64,
    /// Just after the answer.
    pub heard_ms: i64,
}

/// Why an answer is not a look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It ends before its end: the connection or the script broke off.
    #[error("the machine's answer is not whole")]
    CutOff,
    /// Something that every Linux tells is missing or not readable.
    #[error("the machine does not tell its {0}")]
    Missing(&'static str),
}

/// Reads what the script printed.
///
/// # Errors
///
/// [`Unreadable`]: what broke off tells nothing, for "not seen" would read as "not there".
pub fn parse(stdout: &str, asked: Asked) -> Result<MachineFacts, Unreadable> {
    let answer = Answer::read(stdout);
    if answer.one("end") != Some("look") {
        return Err(Unreadable::CutOff);
    }
    let text = |key: &'static str| answer.one(key).unwrap_or_default().to_owned();
    let number = |key: &'static str, what: &'static str| {
        answer.one(key).and_then(|value| value.parse::<u64>().ok()).ok_or(Unreadable::Missing(what))
    };
    let words = |key: &'static str| answer.all(key).map(str::to_owned);
    Ok(MachineFacts {
        uid: u32::try_from(number("uid", "user")?).map_err(|_| Unreadable::Missing("user"))?,
        os: os(&answer),
        machine: text("machine"),
        kernel: text("kernel"),
        missing_features: words("missing").collect(),
        cgroup: CgroupFacts {
            version: if answer.one("cgroup") == Some("2") { CgroupVersion::V2 } else { CgroupVersion::V1 },
            controllers: words("controller").collect(),
        },
        memory_mib: number("memory-kib", "memory")? / 1024,
        cpus: u32::try_from(number("cpus", "processors")?).map_err(|_| Unreadable::Missing("processors"))?,
        free_mib: answer
            .all("free-kib")
            .filter_map(pair)
            .filter_map(|(path, kib)| Some((path.to_owned(), kib.parse::<u64>().ok()? / 1024)))
            .collect(),
        swap: words("swap").collect(),
        clock: answer.one("clock").and_then(|clock| offset(clock, asked)),
        hostname: text("hostname"),
        machine_id: text("machine-id"),
        addresses: answer.all("address").filter_map(|address| address.parse().ok()).collect(),
        default_address: answer.one("default").and_then(|address| address.parse().ok()),
        listeners: listeners(&answer),
        nameservers: words("nameserver").collect(),
        resolved: answer.has("resolved"),
        tools: words("tool").collect(),
        runtime: runtime(&answer),
        mark: claim::read(answer.all("owner")),
        membership: membership(&answer),
        preparation: answer.one("preparation").map(str::to_owned),
        installed: answer
            .all("installed")
            .filter_map(pair)
            .map(|(name, rest)| (name.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned()))
            .collect(),
        prepared: answer
            .all("prepared")
            .filter_map(pair)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect(),
        altered: words("altered").collect(),
    })
}

fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ')
}

fn os(answer: &Answer) -> OsFacts {
    let fields: BTreeMap<_, _> = answer.all("os").filter_map(pair).collect();
    let get = |key: &str| fields.get(key).copied().unwrap_or_default().to_owned();
    OsFacts {
        id: get("ID"),
        like: get("ID_LIKE").split_whitespace().map(str::to_owned).collect(),
        version: get("VERSION_ID"),
        pretty: get("PRETTY_NAME"),
        selinux: answer.one("selinux").map(str::to_owned),
        systemd: answer.has("systemd"),
    }
}

/// The clock was read at some moment between sending and hearing.
fn offset(clock: &str, asked: Asked) -> Option<ClockOffset> {
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    // A `date` without nanoseconds prints the letter: then the whole second is unknown.
    let (milliseconds, unsure) = match fraction.get(..3).map(str::parse::<i64>) {
        Some(Ok(milliseconds)) => (milliseconds, 0),
        _ => (0, 999),
    };
    let theirs = seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(milliseconds)?;
    Some(ClockOffset { least_ms: theirs - asked.heard_ms, most_ms: theirs + unsure - asked.sent_ms })
}

fn listeners(answer: &Answer) -> BTreeSet<Listener> {
    let programs: BTreeMap<u16, &str> = answer
        .all("listener")
        .filter_map(pair)
        .filter_map(|(port, program)| Some((port.parse().ok()?, program)))
        .collect();
    answer
        .all("listens")
        .filter_map(|port| u16::from_str_radix(port, 16).ok())
        .chain(programs.keys().copied())
        .map(|port| Listener { port, program: programs.get(&port).map(|name| (*name).to_owned()) })
        .collect()
}

fn runtime(answer: &Answer) -> RuntimeFacts {
    let program = |name: &str| {
        answer.all("program").find_map(|line| {
            let mut words = line.split(' ');
            (words.next() == Some(name)).then_some(())?;
            Some(Program {
                path: words.next()?.to_owned(),
                ours: words.next()? == "ours",
                version: words.next().unwrap_or_default().to_owned(),
            })
        })
    };
    RuntimeFacts {
        containerd: program("containerd"),
        runc: program("runc"),
        kubelet: program("kubelet"),
        kubeadm: program("kubeadm"),
        kubectl: program("kubectl"),
        cri_disabled: answer.has("cri-disabled"),
        imports: answer.one("imports").map(str::to_owned),
        other_sockets: answer.all("other-runtime").map(str::to_owned).collect(),
    }
}

fn membership(answer: &Answer) -> MembershipFacts {
    let file = |key: &str| {
        let line = answer.all(key).last()?.to_owned();
        let (server, ca) = line.split_once(' ').unwrap_or((&line, ""));
        Some(ClusterFile { server: server.to_owned(), ca_sha256: (!ca.is_empty()).then(|| ca.to_owned()) })
    };
    MembershipFacts {
        admin: file("admin"),
        kubelet: file("kubelet"),
        ca_sha256: answer.one("ca").map(str::to_owned),
        initialized: answer.all("done").any(|step| step == "init"),
        joined: answer.all("done").any(|step| step == "join"),
        etcd_data: answer.has("etcd"),
        static_pods: answer.all("static-pod").map(str::to_owned).collect(),
        running: answer.one("running").map(str::to_owned),
        kubelet_unit: answer.one("kubelet-unit").unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests;

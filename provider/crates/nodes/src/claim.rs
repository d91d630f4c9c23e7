//! Whose a machine is: a mark and notes of what was there before, written before anything else is changed.

use domain::machine::MachineMark;
use domain::mark::{Incarnation, Mark, Phase};

use crate::paths;
use crate::script::Script;

/// Writes the mark, refusing a machine of somebody else's, and once the notes.
///
/// The same script gives a machine a new incarnation, and marks it as ready.
///
/// Answers: `claimed`. Failures: [`Claimed`](crate::answer::Failure::Claimed).
pub fn script(mark: &MachineMark) -> Script {
    Script::new("claim", include_str!("sh/claim.sh"))
        .set("KIND", &mark.mark.kind)
        .set("NAME", &mark.mark.name)
        .set("OWNER", &mark.mark.owner)
        .set("OWN_TREES", &paths::TREES.join(" "))
        .set("SHARED", &paths::SHARED.join(" "))
        .set("RUNTIME_TREES", &paths::RUNTIME_TREES.join(" "))
        .set("OWN_FILES", &paths::FILES.join(" "))
        .set("SYSCTLS", &paths::SYSCTLS.join(" "))
        .set("MODULES", &paths::MODULES.join(" "))
        .text("owner", &write(mark))
}

/// The mark as its file holds it.
fn write(mark: &MachineMark) -> String {
    let MachineMark { mark: Mark { kind, name, owner, incarnation, phase }, machine } = mark;
    format!(
        "kind={kind}\nname={name}\nowner={owner}\nincarnation={incarnation}\nphase={}\nmachine={machine}\n",
        phase.as_str()
    )
}

/// Reads the lines of the file; none unless all of it is there.
pub(crate) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Option<MachineMark> {
    let pairs: std::collections::BTreeMap<_, _> = lines.filter_map(|line| line.split_once('=')).collect();
    let get = |key: &str| pairs.get(key).map(|value| (*value).to_owned());
    Some(MachineMark {
        mark: Mark {
            kind: get("kind")?,
            name: get("name")?,
            owner: get("owner")?,
            incarnation: Incarnation::new(get("incarnation")?),
            phase: Phase::parse(pairs.get("phase")?)?,
        },
        machine: get("machine")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Machine};

    #[test]
    fn a_mark_reads_back() {
        let mark = testing::mark("cp1");
        assert_eq!(read(write(&mark).lines()), Some(mark));
        assert_eq!(read("kind=x\nname=y".lines()), None);
    }

    #[test]
    fn a_machine_of_somebody_elses_is_refused_and_keeps_its_mark() {
        let machine = Machine::new();
        machine.run(&script(&testing::mark("cp1"))).succeeded();
        let before = machine.read("/etc/kurator/owner");
        let mut other = testing::mark("cp1");
        other.mark.name = "other".into();
        let answer = machine.run(&script(&other)).failed();
        assert!(
            matches!(answer.failure(), Some(crate::answer::Failure::Claimed(who)) if who.contains("name=factory"))
        );
        assert_eq!(machine.read("/etc/kurator/owner"), before);
    }

    #[test]
    fn what_was_there_is_noted_once() {
        let machine = Machine::new();
        machine.write("/etc/cni/net.d/old.conf", "x");
        machine.write("/proc/sys/net/ipv4/ip_forward", "0\n");
        machine.run(&script(&testing::mark("cp1"))).succeeded();
        machine.write("/proc/sys/net/ipv4/ip_forward", "1\n");
        machine.write("/var/lib/etcd/x", "");
        machine.run(&script(&testing::mark("cp1"))).succeeded();
        let notes = machine.read("/etc/kurator/before");
        assert!(notes.contains("sysctl net.ipv4.ip_forward 0\n"), "{notes}");
        assert!(!notes.contains("ip_forward 1"), "{notes}");
        assert!(notes.contains("tree absent /var/lib/etcd\n") && notes.contains("tree present /etc/cni\n"));
    }
}

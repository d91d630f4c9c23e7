//! One change of a cluster at a time: a lease on its control plane.
//!
//! It is a lease and no lock of the kernel's, because whoever holds it is somewhere else: a holder that was killed or cut
//! off cannot give it back, and nobody should have to do it by hand. It is in memory only, so a reboot frees it.

use std::time::Duration;

use crate::answer::Answer;
use crate::script::Script;

/// How long a lease lasts that is not renewed: some times the pause between renewals, so that one lost answer or a
/// connection that is made again costs nothing.
pub const LEASE: Duration = Duration::from_secs(20);

/// How often it is renewed.
pub const RENEWAL: Duration = Duration::from_secs(5);

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Which run it is, different for each.
    pub id: String,
    /// Who that is, for people. One line.
    pub who: String,
}

/// What came of asking for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours.
    Ours,
    /// Somebody else's, who is named, until `until` if it is not renewed: seconds by the machine's own clock.
    Theirs {
        /// Who holds it.
        holder: Holder,
        /// Until when.
        until: u64,
    },
}

/// Takes the lease.
pub fn take(holder: &Holder) -> Script {
    script(holder, LEASE.as_secs())
}

/// Renews the lease. Where machine and lock are forgotten already, nothing is written.
pub fn renew(holder: &Holder) -> Script {
    script(holder, LEASE.as_secs()).flag("RENEWED", true)
}

/// Gives it back; somebody else's is left alone.
pub fn give_back(holder: &Holder) -> Script {
    script(holder, 0)
}

/// Gives it back on a machine that is no control plane any more: nothing of the lock stays.
pub fn take_away(holder: &Holder) -> Script {
    script(holder, 0).flag("AWAY", true)
}

fn script(holder: &Holder, seconds: u64) -> Script {
    let who: String = holder.who.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Script::new("lock", include_str!("sh/lock.sh"))
        .set("HOLDER", &holder.id)
        .set("WHO", &who)
        .set("LEASE", &seconds.to_string())
        .flag("AWAY", false)
        .flag("RENEWED", false)
}

/// Reads what the script printed; none for an answer that broke off.
pub fn read(answer: &Answer) -> Option<Claimed> {
    if answer.has("locked") {
        return Some(Claimed::Ours);
    }
    let mut words = answer.one("held")?.splitn(3, ' ');
    let id = words.next()?.to_owned();
    let until = words.next()?.parse().ok()?;
    let who = words.next().unwrap_or_default().to_owned();
    Some(Claimed::Theirs { holder: Holder { id, who }, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    fn holder(id: &str) -> Holder {
        Holder { id: id.to_owned(), who: format!("{id} on somewhere") }
    }

    fn at(machine: &Machine, uptime: &str, script: &Script) -> Claimed {
        machine.write("/proc/uptime", uptime);
        read(&machine.run(script).succeeded()).unwrap()
    }

    #[test]
    fn a_second_one_is_told_who_holds_it_until_the_lease_is_over() {
        let machine = Machine::new();
        assert_eq!(at(&machine, "100.50 1.00\n", &take(&holder("one"))), Claimed::Ours);
        let theirs = Claimed::Theirs { holder: holder("one"), until: 120 };
        assert_eq!(at(&machine, "119.99 1.00\n", &take(&holder("two"))), theirs);
        assert_eq!(at(&machine, "120.00 1.00\n", &take(&holder("two"))), Claimed::Ours);
    }

    #[test]
    fn it_is_renewed_and_given_back_by_its_holder_only() {
        let machine = Machine::new();
        assert_eq!(at(&machine, "100.0 1\n", &take(&holder("one"))), Claimed::Ours);
        assert_eq!(at(&machine, "115.0 1\n", &renew(&holder("one"))), Claimed::Ours);
        let theirs = Claimed::Theirs { holder: holder("one"), until: 135 };
        assert_eq!(at(&machine, "130.0 1\n", &give_back(&holder("two"))), theirs);
        assert_eq!(at(&machine, "130.0 1\n", &give_back(&holder("one"))), Claimed::Ours);
        assert_eq!(at(&machine, "130.0 1\n", &take(&holder("two"))), Claimed::Ours);
    }

    #[test]
    fn it_is_taken_away_by_its_holder_only() {
        let machine = Machine::new();
        at(&machine, "100.0 1\n", &take(&holder("one")));
        at(&machine, "100.0 1\n", &take_away(&holder("two")));
        assert!(machine.exists("/run/kurator.lock"));
        at(&machine, "100.0 1\n", &take_away(&holder("one")));
        assert!(!machine.exists("/run/kurator.lock"));
    }

    #[test]
    fn a_machine_that_is_forgotten_gets_no_lock() {
        let machine = Machine::new();
        for script in [renew(&holder("one")), take_away(&holder("one"))] {
            assert_eq!(at(&machine, "100.0 1\n", &script), Claimed::Ours);
            assert!(!machine.exists("/run/kurator.lock"), "{script:?}");
        }
        // One that was switched off and on in mid-work is not.
        machine.write("/etc/kurator/owner", "kind=k\n");
        assert_eq!(at(&machine, "5.0 1\n", &renew(&holder("one"))), Claimed::Ours);
        let theirs = Claimed::Theirs { holder: holder("one"), until: 25 };
        assert_eq!(at(&machine, "6.0 1\n", &take(&holder("two"))), theirs);
    }

    #[test]
    fn what_is_not_ours_in_the_file_holds_nobody_off() {
        let machine = Machine::new();
        machine.write("/run/kurator.lock", "what is this\n");
        assert_eq!(at(&machine, "100.0 1\n", &take(&holder("one"))), Claimed::Ours);
    }
}

//! Findings that take two machines to see.

use std::collections::BTreeMap;

use domain::finding::{AttributePath, Check, Finding};
use domain::name::Name;

use super::Looked;
use crate::sizes;

pub(super) fn look(machines: &BTreeMap<Name, Looked<'_>>, all: &mut Vec<Finding>) {
    identity(machines, all);
    clocks(machines, all);
}

fn identity(machines: &BTreeMap<Name, Looked<'_>>, all: &mut Vec<Finding>) {
    for (name, looked) in machines {
        let id = &looked.facts.machine_id;
        if id.is_empty() {
            all.push(Finding::error(
                name,
                Check::Identity,
                "The machine has no id in /etc/machine-id.",
                "Run `systemd-machine-id-setup` on it.",
            ));
            continue;
        }
        let others: Vec<_> = machines
            .iter()
            .filter(|(other, there)| *other != name && there.facts.machine_id == *id)
            .map(|(other, _)| format!("\"{other}\""))
            .collect();
        if !others.is_empty() {
            all.push(
                Finding::error(
                    name,
                    Check::Identity,
                    format!("The machine has the machine-id of {}: {id}.", others.join(", ")),
                    "Either two entries lead to one machine, or one is a copy of the other: give each \
                         an id of its own (`rm /etc/machine-id && systemd-machine-id-setup`) and \
                         restart it.",
                )
                .at(AttributePath::machine(name).then("address")),
            );
        }
    }
}

/// Each machine against the one in the middle, so that one wrong clock is told once, of the machine that has it.
fn clocks(machines: &BTreeMap<Name, Looked<'_>>, all: &mut Vec<Finding>) {
    let mut read: Vec<_> =
        machines.iter().filter_map(|(name, looked)| Some((name, looked.facts.clock?))).collect();
    for (name, looked) in machines {
        if looked.facts.clock.is_none() {
            all.push(Finding::warning(
                name,
                Check::Clock,
                "The machine did not tell its time.",
                "Check its clock.",
            ));
        }
    }
    read.sort_by_key(|(name, clock)| (clock.least_ms + clock.most_ms, *name));
    let Some((middle, reference)) = read.get(read.len().saturating_sub(1) / 2).copied() else { return };
    for (name, clock) in read {
        let apart = clock.apart_ms(reference);
        if apart < sizes::SKEW_TOLD_MS {
            continue;
        }
        let way = if clock.least_ms > reference.most_ms { "ahead of" } else { "behind" };
        let seen = format!(
            "The machine's clock is {}.{} s {way} the one of \"{middle}\" or more.",
            apart / 1000,
            apart % 1000 / 100
        );
        let next = "Set the clocks by NTP (`timedatectl set-ntp true`, or chrony).";
        all.push(if apart >= sizes::SKEW_REFUSED_MS {
            Finding::error(name, Check::Clock, seen, next)
        } else {
            Finding::warning(name, Check::Clock, seen, next)
        });
    }
}

//! Which machines were touched for a cluster: a file on its control plane, written before the first one is.

use std::collections::BTreeSet;

use domain::custom_cluster::MachineId;
use domain::name::Name;

/// Where it is. It goes with everything else of ours.
pub const PATH: &str = "/etc/kurator/machines";

/// Its mode: whoever is on the machine may know.
pub const MODE: u32 = 0o644;

/// Its text: a line for each machine.
pub fn write(machines: &BTreeSet<MachineId>) -> String {
    machines.iter().fold(String::new(), |text, id| format!("{text}{} {}\n", id.name, id.address))
}

/// Reads it back. A line that is none of ours is left out: it names nobody whom we could ask.
pub fn read(text: &str) -> BTreeSet<MachineId> {
    text.lines()
        .filter_map(|line| {
            let (name, address) = line.trim().split_once(' ')?;
            Some(MachineId { name: Name::parse(name).ok()?, address: address.trim().to_owned() })
        })
        .filter(|id| !id.address.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_foreign_lines_are_left_out() {
        let id = |name: &str, address: &str| MachineId {
            name: Name::parse(name).unwrap(),
            address: address.to_owned(),
        };
        let machines = BTreeSet::from([id("cp1", "10.0.0.1"), id("w1", "fd00::1"), id("w1", "w1.example")]);
        assert_eq!(read(&write(&machines)), machines);
        assert_eq!(
            read("cp1 10.0.0.1\n\n# by hand\nw1\nBAD name\n"),
            BTreeSet::from([id("cp1", "10.0.0.1")])
        );
    }
}

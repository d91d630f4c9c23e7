//! What a look at machines found that its owner should know before anything is changed.

use std::fmt;

use crate::name::Name;

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Whether the machine answers at all.
    Reach,
    /// Whether the machine is the one that is known.
    HostKey,
    /// Whether commands may run as root.
    Sudo,
    /// The operating system and its init.
    OperatingSystem,
    /// The architecture.
    Architecture,
    /// The kernel's version and features.
    Kernel,
    /// The version and the controllers of the control groups.
    Cgroup,
    /// Memory.
    Memory,
    /// Processors.
    Cpus,
    /// Free disk space.
    Disk,
    /// Swap.
    Swap,
    /// The clock, against the other machines'.
    Clock,
    /// Ports that a node needs for itself.
    Ports,
    /// The machine's resolver.
    Resolver,
    /// The machine's id and addresses, against the other machines'.
    Identity,
    /// Programs that preparing a node needs.
    Tools,
    /// A container runtime that is there already.
    Runtime,
    /// A cluster that the machine already belongs to.
    Cluster,
    /// Whether machines reach each other's ports.
    Network,
}

impl Check {
    /// Every check, in the order in which findings are told.
    pub const ALL: [Self; 19] = [
        Self::Reach,
        Self::HostKey,
        Self::Sudo,
        Self::OperatingSystem,
        Self::Architecture,
        Self::Kernel,
        Self::Cgroup,
        Self::Memory,
        Self::Cpus,
        Self::Disk,
        Self::Swap,
        Self::Clock,
        Self::Ports,
        Self::Resolver,
        Self::Identity,
        Self::Tools,
        Self::Runtime,
        Self::Cluster,
        Self::Network,
    ];

    /// The word that users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::HostKey => "host_key",
            Self::Sudo => "sudo",
            Self::OperatingSystem => "operating_system",
            Self::Architecture => "architecture",
            Self::Kernel => "kernel",
            Self::Cgroup => "cgroup",
            Self::Memory => "memory",
            Self::Cpus => "cpus",
            Self::Disk => "disk",
            Self::Swap => "swap",
            Self::Clock => "clock",
            Self::Ports => "ports",
            Self::Resolver => "resolver",
            Self::Identity => "identity",
            Self::Tools => "tools",
            Self::Runtime => "runtime",
            Self::Cluster => "cluster",
            Self::Network => "network",
        }
    }
}

/// Whether a finding stops an apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is changed as long as it stands.
    Error,
    /// It is told, and the apply goes on.
    Warning,
}

/// One step of the way to an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// An attribute of an object.
    Attribute(&'static str),
    /// An element of a map.
    Key(String),
}

/// The way to the attribute that a finding is about, as in `machines["cp1"].address`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath(pub Vec<Part>);

impl AttributePath {
    /// A machine of the configuration.
    pub fn machine(machine: &Name) -> Self {
        Self(vec![Part::Attribute("machines"), Part::Key(machine.to_string())])
    }

    /// The attribute `name` below this one.
    #[must_use]
    pub fn then(mut self, name: &'static str) -> Self {
        self.0.push(Part::Attribute(name));
        self
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            match part {
                Part::Attribute(name) if index == 0 => f.write_str(name)?,
                Part::Attribute(name) => write!(f, ".{name}")?,
                Part::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Something about a machine that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Whether it stops an apply; errors sort before warnings.
    pub severity: Severity,
    /// The machine, by its key in the configuration.
    pub machine: Name,
    /// What was looked at.
    pub check: Check,
    /// The attribute to change, or the machine where no attribute is to blame.
    pub attribute: AttributePath,
    /// What was seen, as full sentences.
    pub seen: String,
    /// What to do next, as full sentences.
    pub next: String,
}

impl Finding {
    /// An error about `machine` as a whole.
    pub fn error(machine: &Name, check: Check, seen: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            machine: machine.clone(),
            check,
            attribute: AttributePath::machine(machine),
            seen: seen.into(),
            next: next.into(),
        }
    }

    /// A warning about `machine` as a whole.
    pub fn warning(machine: &Name, check: Check, seen: impl Into<String>, next: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(machine, check, seen, next) }
    }

    /// The same finding at another attribute.
    #[must_use]
    pub fn at(self, attribute: AttributePath) -> Self {
        Self { attribute, ..self }
    }

    /// What was seen, an empty line, what to do.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.seen, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_its_machine_and_its_attribute() {
        let machine = Name::parse("cp1").unwrap();
        let finding = Finding::error(&machine, Check::Swap, "Swap is on.", "Turn it off.")
            .at(AttributePath::machine(&machine).then("address"));
        assert_eq!(finding.attribute.to_string(), "machines[\"cp1\"].address");
        assert_eq!(finding.text(), "Swap is on.\n\nTurn it off.");
    }

    #[test]
    fn every_check_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
        assert_eq!(words.len(), Check::ALL.len());
    }
}

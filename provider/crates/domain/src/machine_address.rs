//! Where a machine is and how one logs in to it, without a secret.

use std::fmt;

use crate::host_key::HostKeyPolicy;

/// The port of SSH.
pub const SSH_PORT: u16 = 22;

/// The name of the credential that is used when none is given.
pub const DEFAULT_CREDENTIAL: &str = "default";

/// A host and a port, written `HOST:PORT`, and `[HOST]:PORT` if the host has colons itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no host and port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPortProblem {
    /// Nothing before the port.
    #[error("the host in it is empty")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port in it is not a number from 1 to 65535")]
    Port,
}

impl HostPort {
    /// A host and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Parses `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a bare IPv6 address; without a port, it is `otherwise`.
    ///
    /// # Errors
    ///
    /// The first [`HostPortProblem`] found.
    pub fn parse(text: &str, otherwise: u16) -> Result<Self, HostPortProblem> {
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or(HostPortProblem::Port)?)),
            None => match text.split_once(':') {
                // More than one colon and no brackets: an IPv6 address without a port.
                Some((_, rest)) if rest.contains(':') => (text, None),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err(HostPortProblem::Host);
        }
        let port = match port {
            None => otherwise,
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(HostPortProblem::Port)?,
        };
        Ok(Self::new(host, port))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// One SSH server on the way, and how one logs in to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    /// Where it listens.
    pub at: HostPort,
    /// As whom one logs in.
    pub user: String,
    /// Name of the credential, as the provider block has it.
    pub credential: String,
    /// Which host keys are good enough.
    pub host_keys: HostKeyPolicy,
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.at)
    }
}

/// How one becomes root once logged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Become {
    /// Not at all: the user that logs in may do all there is to do.
    #[default]
    Nobody,
    /// By `sudo`, with the credential's become password if it has one.
    Sudo,
}

/// A machine reached from afar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineAddress {
    /// The machine itself.
    pub login: Login,
    /// SSH servers to go through, the first from here first.
    pub bastions: Vec<Login>,
    /// How commands become root there.
    pub becomes: Become,
}

/// As messages name it: `admin@10.77.0.11:22 by way of jump@bastion:22`.
impl fmt::Display for MachineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.login)?;
        for (at, bastion) in self.bastions.iter().enumerate() {
            write!(f, "{} {bastion}", if at == 0 { " by way of" } else { " and" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_and_without_a_port_is_read() {
        for (text, host, port, shown) in [
            ("10.77.0.11", "10.77.0.11", 22, "10.77.0.11:22"),
            ("cp1.example:2222", "cp1.example", 2222, "cp1.example:2222"),
            ("[fd00::1]:2222", "fd00::1", 2222, "[fd00::1]:2222"),
            ("[fd00::1]", "fd00::1", 22, "[fd00::1]:22"),
            ("fd00::1", "fd00::1", 22, "[fd00::1]:22"),
        ] {
            let read = HostPort::parse(text, SSH_PORT).unwrap();
            assert_eq!(read, HostPort::new(host, port), "{text}");
            assert_eq!(read.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_host_or_no_port_is_refused() {
        for (text, problem) in [
            ("", HostPortProblem::Host),
            (":22", HostPortProblem::Host),
            ("a:", HostPortProblem::Port),
            ("a:0", HostPortProblem::Port),
            ("a:65536", HostPortProblem::Port),
            ("[fd00::1]22", HostPortProblem::Port),
        ] {
            assert_eq!(HostPort::parse(text, SSH_PORT), Err(problem), "{text}");
        }
    }
}

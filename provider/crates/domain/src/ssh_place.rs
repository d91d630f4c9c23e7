//! The place of a cluster's credentials on its own control-plane machines: the `ssh:` form of a reference.
//!
//! `ssh://CREDENTIAL?user=U&become=sudo&cp=HOST:PORT&hostkey=SHA256:…&cp=…&bastion=U@HOST:PORT&hostkey=…&uid=UID`
//!
//! `hostkey` belongs to the `cp` or `bastion` before it, `credential` to the bastion before it. Bastions are passed in
//! the order written, whichever machine is meant.

use std::fmt;

use crate::cluster_ref::{RefProblem, encode};
use crate::host_key::{HostKeyFingerprint, HostKeyPolicy};
use crate::machine_address::{Become, HostPort, Login, MachineAddress, SSH_PORT};

/// Where the admin kubeconfig is read from: the first of these machines that answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SshPlace {
    /// Name of the credential, as the provider block has it.
    pub credential: String,
    /// As whom one logs in.
    pub user: String,
    /// How one becomes root there.
    pub becomes: Become,
    /// The control-plane machines, the first to ask first. Never empty.
    pub control_planes: Vec<KnownHost>,
    /// SSH servers to go through, the first from here first.
    pub bastions: Vec<Bastion>,
}

/// A machine and its host key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownHost {
    /// Where its SSH server listens.
    pub at: HostPort,
    /// Its host key. None in import ids only; nothing is accepted then, and the refusal names the key.
    pub key: Option<HostKeyFingerprint>,
}

/// An SSH server on the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bastion {
    /// Where it listens, and its host key.
    pub host: KnownHost,
    /// As whom one logs in.
    pub user: String,
    /// Name of the credential; none means the machines'.
    pub credential: Option<String>,
}

impl SshPlace {
    /// The place of a cluster whose control plane is reached so and proved `key`, and whose bastions proved `bastion_keys`.
    pub fn of(
        control_plane: &MachineAddress,
        key: HostKeyFingerprint,
        bastion_keys: &[HostKeyFingerprint],
    ) -> Self {
        let MachineAddress { login, bastions, becomes } = control_plane;
        Self {
            credential: login.credential.clone(),
            user: login.user.clone(),
            becomes: *becomes,
            control_planes: vec![KnownHost { at: login.at.clone(), key: Some(key) }],
            bastions: bastions
                .iter()
                .enumerate()
                .map(|(at, bastion)| Bastion {
                    host: KnownHost { at: bastion.at.clone(), key: bastion_keys.get(at).copied() },
                    user: bastion.user.clone(),
                    credential: (bastion.credential != login.credential).then(|| bastion.credential.clone()),
                })
                .collect(),
        }
    }

    /// The addresses of the control-plane machines, the first to ask first.
    pub fn machines(&self) -> impl Iterator<Item = MachineAddress> {
        self.control_planes.iter().map(|machine| MachineAddress {
            login: login(machine, &self.user, &self.credential),
            bastions: self.bastions.iter().map(|bastion| self.bastion(bastion)).collect(),
            becomes: self.becomes,
        })
    }

    fn bastion(&self, bastion: &Bastion) -> Login {
        let credential = bastion.credential.as_deref().unwrap_or(&self.credential);
        login(&bastion.host, &bastion.user, credential)
    }

    /// What people call a cluster that was given no name: its first machine.
    pub(crate) fn called(&self) -> &str {
        self.control_planes.first().map_or(&self.credential, |machine| &machine.at.host)
    }

    pub(crate) fn read(credential: String, parameters: Vec<(String, String)>) -> Result<Self, RefProblem> {
        let mut user = None;
        let mut becomes = Become::Nobody;
        let mut hosts = Hosts::default();
        for (key, value) in parameters {
            match (key.as_str(), value.as_str()) {
                ("user", _) if !value.is_empty() => user = Some(value),
                ("become", "sudo") => becomes = Become::Sudo,
                ("cp", _) => {
                    hosts.control_planes.push(known_host(value)?);
                    hosts.last = Last::ControlPlane;
                }
                ("bastion", _) => {
                    hosts.bastions.push(bastion(&value)?);
                    hosts.last = Last::Bastion;
                }
                ("hostkey", _) => hosts.set_key(value)?,
                ("credential", _) if !value.is_empty() => hosts.set_credential(value)?,
                ("user" | "become" | "credential", _) => return Err(RefProblem::Value { key, value }),
                _ => return Err(RefProblem::Parameter(key)),
            }
        }
        let user = user.ok_or(RefProblem::Missing("user"))?;
        let Hosts { control_planes, bastions, .. } = hosts;
        if control_planes.is_empty() {
            return Err(RefProblem::Missing("cp"));
        }
        Ok(Self { credential, user, becomes, control_planes, bastions })
    }
}

/// What `hostkey` and `credential` belong to.
#[derive(Default)]
enum Last {
    #[default]
    Nothing,
    ControlPlane,
    Bastion,
}

#[derive(Default)]
struct Hosts {
    control_planes: Vec<KnownHost>,
    bastions: Vec<Bastion>,
    last: Last,
}

impl Hosts {
    fn set_key(&mut self, value: String) -> Result<(), RefProblem> {
        let Ok(key) = HostKeyFingerprint::parse(&value) else {
            return Err(RefProblem::Value { key: "hostkey".to_owned(), value });
        };
        let host = match self.last {
            Last::Nothing => None,
            Last::ControlPlane => self.control_planes.last_mut(),
            Last::Bastion => self.bastions.last_mut().map(|bastion| &mut bastion.host),
        };
        // A second key of one machine would silently take the place of the first.
        let free = host.filter(|host| host.key.is_none());
        free.ok_or(RefProblem::Parameter("hostkey".to_owned()))?.key = Some(key);
        Ok(())
    }

    fn set_credential(&mut self, value: String) -> Result<(), RefProblem> {
        let bastion = match self.last {
            Last::Bastion => self.bastions.last_mut().filter(|bastion| bastion.credential.is_none()),
            Last::Nothing | Last::ControlPlane => None,
        };
        bastion.ok_or(RefProblem::Parameter("credential".to_owned()))?.credential = Some(value);
        Ok(())
    }
}

fn login(host: &KnownHost, user: &str, credential: &str) -> Login {
    Login {
        at: host.at.clone(),
        user: user.to_owned(),
        credential: credential.to_owned(),
        host_keys: HostKeyPolicy { pinned: host.key, ..HostKeyPolicy::default() },
    }
}

fn known_host(value: String) -> Result<KnownHost, RefProblem> {
    match HostPort::parse(&value, SSH_PORT) {
        Ok(at) => Ok(KnownHost { at, key: None }),
        Err(_) => Err(RefProblem::Value { key: "cp".to_owned(), value }),
    }
}

fn bastion(value: &str) -> Result<Bastion, RefProblem> {
    // From the right: a user's name may hold an `@`, an address may not.
    let parts = value.rsplit_once('@').filter(|(user, _)| !user.is_empty());
    let parts = parts.and_then(|(user, at)| Some((user, HostPort::parse(at, SSH_PORT).ok()?)));
    let Some((user, at)) = parts else {
        return Err(RefProblem::Value { key: "bastion".to_owned(), value: value.to_owned() });
    };
    Ok(Bastion { host: KnownHost { at, key: None }, user: user.to_owned(), credential: None })
}

/// The reference without its uid; it always has parameters.
impl fmt::Display for SshPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssh://{}?user={}", encode(&self.credential), encode(&self.user))?;
        match self.becomes {
            Become::Nobody => {}
            Become::Sudo => write!(f, "&become=sudo")?,
        }
        for machine in &self.control_planes {
            write!(f, "&cp={}", encode(&machine.at.to_string()))?;
            write_key(f, machine)?;
        }
        for bastion in &self.bastions {
            write!(f, "&bastion={}", encode(&format!("{}@{}", bastion.user, bastion.host.at)))?;
            if let Some(credential) = &bastion.credential {
                write!(f, "&credential={}", encode(credential))?;
            }
            write_key(f, &bastion.host)?;
        }
        Ok(())
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, host: &KnownHost) -> fmt::Result {
    match &host.key {
        Some(key) => write!(f, "&hostkey={}", encode(&key.to_string())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! How machines are logged in to: their own `ssh` over the cluster's, and which host keys are good enough.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use domain::host_key::{HostKeyFingerprint, HostKeyPolicy};
use domain::machine_address::{Become, DEFAULT_CREDENTIAL, HostPort, Login, MachineAddress, SSH_PORT};
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::machines::{
    BastionModel, DEFAULT_USER, KnownHostsModel, MachineModel, SshModel,
};
use tf_value::model::write;
use tf_value::path::Path;
use tf_value::value::Value;

use super::reader::{Reader, entries};

/// The texts of `known_hosts` files by their paths as they are written. Validate and plan read no files, so whoever
/// carries out reads them before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownHosts(pub(super) BTreeMap<String, String>);

/// The `known_hosts` files that a cluster's machines need, by their paths as they are written.
pub(super) fn known_hosts_paths(model: &CustomClusterModel) -> BTreeSet<String> {
    let machines = entries(&model.machines).map(|(_, machine)| &machine.ssh);
    let all = machines.chain([&model.ssh]).filter_map(Value::known);
    let paths = all.filter_map(|ssh| ssh.known_hosts.known()?.path.known());
    paths.cloned().collect()
}

/// Where logins are read from.
pub(super) struct Logins<'a> {
    /// The model.
    pub(super) model: &'a CustomClusterModel,
    /// What is stored: it has the keys that were accepted before.
    pub(super) stored: Option<&'a CustomClusterModel>,
    /// The files.
    pub(super) known_hosts: &'a KnownHosts,
}

/// A value and where it is written.
type Found<'a, T> = Option<(&'a T, Path)>;

/// One machine's `ssh` over the cluster's.
struct Layers<'a> {
    own: Option<&'a SshModel>,
    own_at: Path,
    cluster: Option<&'a SshModel>,
}

impl<'a> Layers<'a> {
    fn find<T>(&self, attribute: &str, of: fn(&SshModel) -> &Value<T>) -> Found<'a, T> {
        let own = || Some((of(self.own?).known()?, self.own_at.attribute(attribute)));
        let cluster = || Some((of(self.cluster?).known()?, Path::to("ssh").attribute(attribute)));
        own().or_else(cluster)
    }

    fn value<T: Clone>(&self, of: fn(&SshModel) -> &Value<T>) -> Option<T> {
        self.find("", of).map(|(value, _)| value.clone())
    }

    /// The one key that is accepted. What a machine says itself comes before what the cluster says, whichever it is.
    fn host_key(&self) -> Found<'a, String> {
        let found = self.find("host_key", |ssh| &ssh.host_key);
        let is_own = self.own.is_some_and(|own| own.host_key.known().is_some());
        let knows_better = self.own.is_some_and(|own| own.known_hosts.known().is_some());
        found.filter(|_| is_own || !knows_better)
    }
}

impl Logins<'_> {
    /// How a machine is logged in to.
    pub(super) fn address(
        &self,
        name: &str,
        machine: &MachineModel,
        reader: &mut Reader,
    ) -> Option<MachineAddress> {
        let at = Path::to("machines").key(name);
        let layers =
            Layers { own: machine.ssh.known(), own_at: at.attribute("ssh"), cluster: self.model.ssh.known() };
        let host = reader.required(&machine.address, &at.attribute("address"), |text| {
            Ok::<_, Infallible>(text.to_owned())
        });
        let port = port(layers.find("port", |ssh| &ssh.port), reader);
        let user = layers.value(|ssh| &ssh.user).unwrap_or_else(|| DEFAULT_USER.to_owned());
        let credential = layers.value(|ssh| &ssh.credential).unwrap_or_else(|| DEFAULT_CREDENTIAL.to_owned());
        let becomes = match layers.value(|ssh| &ssh.r#become) {
            Some(false) => Become::Nobody,
            None if user == DEFAULT_USER => Become::Nobody,
            Some(true) | None => Become::Sudo,
        };
        let host_keys = self.host_keys(name, machine, &layers, reader);
        let bastions = bastions(&layers, &user, &credential, reader);
        let at = HostPort { host: host?, port: port? };
        Some(MachineAddress {
            login: Login { at, user, credential, host_keys },
            bastions: bastions?,
            becomes,
        })
    }

    fn host_keys(
        &self,
        name: &str,
        machine: &MachineModel,
        layers: &Layers<'_>,
        reader: &mut Reader,
    ) -> HostKeyPolicy {
        if let Some((text, at)) = layers.host_key() {
            let pinned = reader.of(text, &at, HostKeyFingerprint::parse(text));
            return HostKeyPolicy { pinned, ..HostKeyPolicy::default() };
        }
        let known_hosts = layers
            .find("known_hosts", |ssh| &ssh.known_hosts)
            .and_then(|(known_hosts, at)| self.text(known_hosts, &at, reader));
        let accepts_new = layers.value(|ssh| &ssh.accept_new_host_keys).unwrap_or_default();
        let recorded = if accepts_new { self.recorded(name, machine) } else { None };
        HostKeyPolicy { pinned: None, known_hosts, accepts_new, recorded }
    }

    fn text(&self, known_hosts: &KnownHostsModel, at: &Path, reader: &mut Reader) -> Option<String> {
        if let Value::Known(content) = &known_hosts.content {
            return Some(content.clone());
        }
        let path = known_hosts.path.known()?;
        let text = self.known_hosts.0.get(path);
        if text.is_none() {
            reader.problem(path, &at.attribute("path"), "the file was not read");
        }
        text.cloned()
    }

    /// The key that the machine was accepted with, as long as it is where it was.
    fn recorded(&self, name: &str, machine: &MachineModel) -> Option<HostKeyFingerprint> {
        let stored = self.stored?;
        let before = stored.machines.known()?.get(name)?.known()?;
        let key = stored.host_keys.known()?.get(name)?.known()?;
        // A key that cannot be read any more is none.
        HostKeyFingerprint::parse(key).ok().filter(|_| before.address == machine.address)
    }
}

fn port(found: Found<'_, i64>, reader: &mut Reader) -> Option<u16> {
    let Some((port, at)) = found else { return Some(SSH_PORT) };
    reader.of(&port.to_string(), &at, u16::try_from(*port))
}

fn bastions(layers: &Layers<'_>, user: &str, credential: &str, reader: &mut Reader) -> Option<Vec<Login>> {
    let Some((bastions, at)) = layers.find("bastions", |ssh| &ssh.bastions) else { return Some(Vec::new()) };
    let known = bastions.iter().enumerate().filter_map(|(index, bastion)| Some((index, bastion.known()?)));
    // Each is read, so that all problems are found.
    let read: Vec<_> = known
        .map(|(index, bastion)| self::bastion(bastion, &at.index(index), user, credential, reader))
        .collect();
    read.into_iter().collect()
}

fn bastion(
    model: &BastionModel,
    at: &Path,
    user: &str,
    credential: &str,
    reader: &mut Reader,
) -> Option<Login> {
    let host =
        reader.required(&model.host, &at.attribute("host"), |text| Ok::<_, Infallible>(text.to_owned()));
    let port = port(model.port.known().map(|port| (port, at.attribute("port"))), reader);
    let key = reader.required(&model.host_key, &at.attribute("host_key"), HostKeyFingerprint::parse);
    let or = |value: &Value<String>, default: &str| value.known().map_or(default, String::as_str).to_owned();
    Some(Login {
        at: HostPort { host: host?, port: port? },
        user: or(&model.user, user),
        credential: or(&model.credential, credential),
        host_keys: HostKeyPolicy::pinned(key?),
    })
}

/// What of a login is part of the cluster's reference, or decides which host key a machine has to prove; in a form that
/// can be compared. None while something of it is unknown.
pub(super) fn login_text(model: &CustomClusterModel, name: &str) -> Option<String> {
    let machine = model.machines.known()?.get(name)?.known()?;
    let is_known = [&machine.ssh, &model.ssh].into_iter().all(|ssh| write(ssh).is_wholly_known());
    let layers = Layers { own: machine.ssh.known(), own_at: Path::root(), cluster: model.ssh.known() };
    let user = layers.value(|ssh| &ssh.user).unwrap_or_else(|| DEFAULT_USER.to_owned());
    let text = format!(
        "{:?} {:?} {user} {:?} {:?} {:?} {}",
        machine.address.known()?,
        layers.value(|ssh| &ssh.port).unwrap_or_else(|| SSH_PORT.into()),
        layers.value(|ssh| &ssh.credential).unwrap_or_else(|| DEFAULT_CREDENTIAL.to_owned()),
        layers.value(|ssh| &ssh.r#become).unwrap_or(user != DEFAULT_USER),
        layers.value(|ssh| &ssh.bastions),
        host_key_text(model, name)?,
    );
    is_known.then_some(text)
}

/// What decides which host key a machine has to prove, in a form that can be compared. None while something of it is
/// unknown.
pub(super) fn host_key_text(model: &CustomClusterModel, name: &str) -> Option<String> {
    let machine = model.machines.known()?.get(name)?.known()?;
    let layers = Layers { own: machine.ssh.known(), own_at: Path::root(), cluster: model.ssh.known() };
    let has_unknown = |ssh: &Value<SshModel>| match ssh {
        Value::Unknown => true,
        Value::Null => false,
        Value::Known(ssh) => {
            ssh.host_key.is_unknown()
                || !write(&ssh.known_hosts).is_wholly_known()
                || ssh.accept_new_host_keys.is_unknown()
        }
    };
    if has_unknown(&machine.ssh) || has_unknown(&model.ssh) {
        return None;
    }
    Some(match layers.host_key() {
        Some((key, _)) => key.clone(),
        None => format!(
            "{:?} {:?}",
            layers.find("", |ssh| &ssh.known_hosts).map(|(known_hosts, _)| known_hosts),
            layers.value(|ssh| &ssh.accept_new_host_keys).unwrap_or_default()
        ),
    })
}

#[cfg(test)]
mod tests;

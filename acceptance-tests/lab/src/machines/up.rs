//! Starting machines, and mending those that are there.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::files;
use crate::lab::{Lab, OnDrop, layout};
use crate::layout::Layout;
use crate::machines::boot::Boot;
use crate::machines::layout::MachineLayout;
use crate::machines::network::Network;
use crate::machines::record::Machines;
use crate::machines::{base, disk, needs};
use crate::part::{Ending, PartSpec, Ready};
use crate::process::Identity;
use crate::progress::Progress;
use crate::state::State;
use crate::up::{Raising, begin, ephemeral_layout};

/// The port of sshd.
const SSH: u16 = 22;

/// What to start.
#[derive(Clone, Debug)]
pub struct MachineOptions {
    /// The folder; the default one if none is named.
    pub dir: Option<PathBuf>,
    /// How many machines. A lab that has more keeps them.
    pub count: u8,
    /// Whether there are a mirror and a registry beside them.
    pub services: bool,
    /// The binary with the hidden verbs, as in [`crate::up::UpOptions::part_binary`].
    pub part_binary: Option<PathBuf>,
    /// Where it says what it is doing.
    pub progress: Progress,
}

impl Default for MachineOptions {
    /// One machine in the default folder, with mirror and registry, silently.
    fn default() -> Self {
        Self { dir: None, count: 1, services: true, part_binary: None, progress: Progress::silent() }
    }
}

/// Says why no machines can be made here; none if they can.
pub fn obstacle() -> Option<String> {
    needs::missing()
}

impl Lab {
    /// Starts machines and waits until one can log in; a lab that is there is mended, and gets them too.
    ///
    /// Dropping the value leaves the lab running.
    ///
    /// # Errors
    ///
    /// Machines cannot be made here, or one does not come up. What was started stays.
    pub fn up_machines(options: &MachineOptions) -> anyhow::Result<Self> {
        let layout = layout(options.dir.as_deref())?;
        raise(&layout, options, None)?;
        Ok(Self { layout, progress: options.progress.clone(), on_drop: OnDrop::Leave })
    }

    /// Starts machines in a new folder that go down when the value is dropped, as [`Lab::ephemeral`] does.
    ///
    /// # Errors
    ///
    /// As [`Self::up_machines`]; what was started has gone down again.
    pub fn ephemeral_machines(options: &MachineOptions) -> anyhow::Result<Self> {
        let (progress, on_drop) = (options.progress.clone(), OnDrop::Down);
        let lab = Self { layout: ephemeral_layout()?, progress, on_drop };
        raise(&lab.layout, options, Identity::own())?;
        Ok(lab)
    }
}

fn raise(layout: &Layout, options: &MachineOptions, owner: Option<Identity>) -> anyhow::Result<()> {
    if options.count == 0 {
        bail!("a lab of machines has at least one");
    }
    let _lock = begin(layout, options.part_binary.as_deref(), owner)?;
    needs::install(&options.progress)?;
    let mut raising = Raising::of(layout, options.progress.clone())?;
    for folder in layout.common_folders() {
        files::private_dir(&folder)?;
    }
    raising.claim_network()?;
    if let Some(machines) = &mut raising.state.machines {
        machines.grow(options.count)?;
    }
    raising.state.write(layout)?;
    if options.services {
        raising.ensure_services()?;
    }
    raising.ensure_reach()?;
    let names: Vec<_> = raising.state.machines()?.hosts.keys().cloned().collect();
    raising.ensure_machines(&names)
}

impl Raising<'_> {
    /// Finds a network that nobody has, and writes it down before it is made.
    fn claim_network(&mut self) -> anyhow::Result<()> {
        let own = self.state.machines.iter().map(|machines| machines.network.clone());
        let others = (0..=u8::MAX).map(|index| Network::new(index, &self.state.id));
        for network in own.chain(others).collect::<Vec<_>>() {
            let machines = match self.state.machines.take() {
                Some(machines) if machines.network == network || !machines.hosts.is_empty() => machines,
                _ => Machines::new(network),
            };
            let network = machines.network.clone();
            let has_hosts = !machines.hosts.is_empty();
            self.state.machines = Some(machines);
            self.state.write(self.layout)?;
            if network.claim()? {
                return network.raise();
            }
            if has_hosts {
                bail!("the machines' network {} is somebody else's by now", network.subnet());
            }
        }
        bail!("all 256 networks for machines are taken")
    }

    /// Switches on the machines that are off and waits until one can log in to all of them.
    ///
    /// # Errors
    ///
    /// One does not come up, with the last lines of its console.
    pub(crate) fn ensure_machines(&mut self, names: &[String]) -> anyhow::Result<()> {
        let base = base::ensure(&self.progress)?;
        let machines = self.state.machines()?.clone();
        machines.network.raise()?;
        disk::ensure_key(self.layout)?;
        let mut specs = Vec::new();
        for name in names {
            let address = machines.address(name)?;
            disk::ensure(self.layout, &base, name, address)?;
            specs.push(self.machine(&machines, name).with_context(|| format!("preparing {name}"))?);
        }
        self.ensure_all(&specs)
    }

    fn machine(&self, machines: &Machines, name: &str) -> anyhow::Result<PartSpec> {
        let folder = MachineLayout::new(self.layout, name);
        let address = machines.address(name)?;
        let boot = Boot {
            id: machines.network.machine_id(name),
            name: name.to_owned(),
            address,
            gateway: machines.network.gateway(),
            bridge: machines.network.bridge(),
            cable: machines.network.cable(name),
            disk: folder.disk(),
            var: folder.var(),
            boots: folder.boots(),
            groups: folder.groups(),
        };
        files::write_private(&folder.boot(), serde_json::to_vec_pretty(&boot)?)?;
        let file = folder.boot().display().to_string();
        Ok(PartSpec {
            name: name.to_owned(),
            program: self.state.part_binary.clone(),
            args: vec!["part".to_owned(), "machine".to_owned(), format!("--boot={file}")],
            env: BTreeMap::new(),
            ports: Vec::new(),
            ready: Ready::Greeting { server: SocketAddrV4::new(address, SSH), begins: "SSH-".to_owned() },
            ending: Ending::Killed,
        })
    }
}

impl State {
    /// The machines of the lab.
    ///
    /// # Errors
    ///
    /// It has none.
    pub(crate) fn machines(&self) -> anyhow::Result<&Machines> {
        self.machines.as_ref().context("the lab has no machines; start some with `lab up machines`")
    }
}

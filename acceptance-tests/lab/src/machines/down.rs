//! Taking machines down: no process, mount, network, control group or rule is left.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::down;
use crate::layout::Layout;
use crate::machines::disk::{mounts_below, unmount};
use crate::machines::groups::Groups;
use crate::machines::layout::MachineLayout;
use crate::machines::{boot, record};
use crate::state::State;

/// Cuts the power of a machine. Its disk stays.
///
/// # Errors
///
/// Something of it goes on.
pub(crate) fn switch_off(layout: &Layout, state: &State, name: &str) -> anyhow::Result<()> {
    let machines = state.machines()?;
    if let Some(part) = state.parts.get(name) {
        down::end(part)?;
    }
    let file = MachineLayout::new(layout, name).groups();
    Groups::read(&file)?.end().with_context(|| format!("ending what runs on {name}"))?;
    if file.exists() {
        std::fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
    }
    boot::unplug(&machines.network.machine_id(name), &machines.network.cable(name))?;
    // systemd-nspawn removes it when it ends, and does not get to it when it is killed.
    let propagate = Path::new("/run/systemd/nspawn/propagate").join(machines.network.machine_id(name));
    match std::fs::remove_dir(&propagate) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("removing {}", propagate.display()))
        }
        _ => Ok(()),
    }
}

/// Takes away all that the lab's machines are, but for files in the lab's folder.
///
/// # Errors
///
/// Something is still there: the folder must not be removed then.
pub(crate) fn remove(layout: &Layout, state: &State) -> anyhow::Result<()> {
    let Some(machines) = &state.machines else { return Ok(()) };
    std::thread::scope(|scope| {
        let ends: Vec<_> =
            machines.hosts.keys().map(|name| scope.spawn(|| remove_machine(layout, state, name))).collect();
        ends.into_iter().try_for_each(|end| end.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })?;
    remove_network(machines)?;
    // Whatever is mounted below would be emptied instead of taken away.
    match mounts_below(layout.root())?.first() {
        None => Ok(()),
        Some(point) => bail!("{point} is still mounted"),
    }
}

fn remove_machine(layout: &Layout, state: &State, name: &str) -> anyhow::Result<()> {
    switch_off(layout, state, name)?;
    unmount(&MachineLayout::new(layout, name)).with_context(|| format!("unmounting the disk of {name}"))
}

fn remove_network(machines: &record::Machines) -> anyhow::Result<()> {
    machines.network.remove().with_context(|| format!("removing {}", machines.network.bridge()))
}

//! What can go wrong with a machine, as verbs.

use std::str::FromStr;

use anyhow::bail;

use crate::lab::Lab;
use crate::machines::boot;
use crate::machines::down::switch_off;
use crate::machines::groups::Groups;
use crate::machines::layout::MachineLayout;
use crate::machines::shell::ip;
use crate::runtime::block_on;
use crate::state::{Lock, State};
use crate::up::{PATIENCE, Raising};
use crate::wait::{Look, until};

/// Something that happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineFault {
    /// Its cable is pulled: it goes on, and nobody reaches it.
    Partition,
    /// Its cable is plugged in again.
    Heal,
    /// It stops in the middle of everything: connections stay open, and nothing answers.
    Freeze,
    /// It goes on.
    Thaw,
    /// Its power is cut. What it had written is still there when it comes back.
    PowerOff,
    /// It starts again; waits until one can log in.
    PowerOn,
    /// It shuts down in order and starts again; waits until one can log in.
    Reboot,
}

impl FromStr for MachineFault {
    type Err = anyhow::Error;

    /// Reads `partition`, `heal`, `freeze`, `thaw`, `power-off`, `power-on` or `reboot`.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "partition" => Self::Partition,
            "heal" => Self::Heal,
            "freeze" => Self::Freeze,
            "thaw" => Self::Thaw,
            "power-off" => Self::PowerOff,
            "power-on" => Self::PowerOn,
            "reboot" => Self::Reboot,
            _ => bail!(
                "a machine knows partition, heal, freeze, thaw, power-off, power-on and reboot, not {text}"
            ),
        })
    }
}

impl Lab {
    /// Says whether the lab has a machine of this name.
    pub fn has_machine(&self, name: &str) -> bool {
        State::of(&self.layout).is_ok_and(|state| state.machines().is_ok_and(|all| all.address(name).is_ok()))
    }

    /// Lets something happen to a machine.
    ///
    /// # Errors
    ///
    /// There is no such machine; it is off, where it would have to be on; it does not come up again.
    pub fn machine_fault(&self, name: &str, fault: MachineFault) -> anyhow::Result<()> {
        let _lock = Lock::take(self.layout.root())?;
        let state = State::of(&self.layout)?;
        let machines = state.machines()?;
        machines.address(name)?;
        let cable = machines.network.cable(name);
        let groups = || Groups::read(&MachineLayout::new(&self.layout, name).groups());
        match fault {
            MachineFault::Partition => ip(&format!("link set {cable} down")).map(drop),
            MachineFault::Heal => ip(&format!("link set {cable} up")).map(drop),
            MachineFault::Freeze => groups()?.freeze(true),
            MachineFault::Thaw => groups()?.freeze(false),
            MachineFault::PowerOff => switch_off(&self.layout, &state, name),
            MachineFault::PowerOn => self.switch_on(name),
            MachineFault::Reboot => self.reboot(name),
        }
    }

    fn switch_on(&self, name: &str) -> anyhow::Result<()> {
        let mut raising = Raising::of(&self.layout, self.progress.clone())?;
        raising.ensure_machines(&[name.to_owned()])
    }

    fn reboot(&self, name: &str) -> anyhow::Result<()> {
        let file = MachineLayout::new(&self.layout, name).boots();
        let before = boot::boots(&file);
        // The connection breaks, sooner or later: what counts is what follows.
        let _ = self.on_machine(name, "root", "systemctl reboot");
        block_on(until(name, PATIENCE, async || {
            let now = boot::boots(&file);
            Ok(if now > before { Look::Ready(()) } else { Look::Pending("it has not begun anew".to_owned()) })
        }))?;
        self.switch_on(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_others_are_refused_with_the_list() {
        assert_eq!("power-off".parse::<MachineFault>().unwrap(), MachineFault::PowerOff);
        let error = "slow".parse::<MachineFault>().unwrap_err().to_string();
        assert!(error.contains("partition") && error.contains("slow"), "{error}");
    }
}

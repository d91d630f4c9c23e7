//! Commands on machines, as anybody would give them: over SSH.

use std::path::PathBuf;
use std::process::Command;

use crate::lab::Lab;
use crate::machines::layout::{MachineLayout, key, known_hosts};
use crate::machines::shell::{command, output};
use crate::state::State;

impl Lab {
    /// Runs a shell command on a machine as one of its users, `admin` or `root`; gives what it prints.
    ///
    /// # Errors
    ///
    /// There is no such machine, its host key is another one, it lets nobody in, or the command fails.
    pub fn on_machine(&self, name: &str, user: &str, script: &str) -> anyhow::Result<String> {
        output(self.ssh(name, user)?.arg(script))
    }

    /// Gives the path that a file of a machine has on this one, whether it is there or not. What is in memory there,
    /// such as `/run`, has none.
    pub fn file_of_machine(&self, name: &str, path: &str) -> PathBuf {
        let machine = MachineLayout::new(&self.layout, name);
        match path.strip_prefix("/var/") {
            Some(rest) => machine.var().join(rest),
            None => machine.disk().join(path.trim_start_matches('/')),
        }
    }

    /// Prepares `ssh` to a machine; the command to run there is to be added.
    pub(crate) fn ssh(&self, name: &str, user: &str) -> anyhow::Result<Command> {
        let address = State::of(&self.layout)?.machines()?.address(name)?;
        let mut ssh = command("ssh");
        ssh.args(["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"])
            // The user's own configuration has no say here.
            .args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "GlobalKnownHostsFile=/dev/null"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", known_hosts(&self.layout).display()))
            .arg("-i")
            .arg(key(&self.layout))
            .arg(format!("{user}@{address}"));
        Ok(ssh)
    }
}

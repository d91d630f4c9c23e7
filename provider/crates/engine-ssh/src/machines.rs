//! The way to all machines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::machine_address::MachineAddress;
use engines::error::EngineError;
use engines::limits::Limits;
use engines::machines::{Machine, Machines};

use crate::credentials::SshCredentials;
use crate::machine::{Door, SshMachine};
use crate::patience::Patience;

/// All machines that this process logs in to: one for each address.
#[derive(Default)]
pub struct SshMachines {
    credentials: Arc<SshCredentials>,
    patience: Patience,
    doors: Mutex<HashMap<MachineAddress, Arc<Door>>>,
}

impl SshMachines {
    /// Machines that are logged in to with `credentials`.
    pub fn new(credentials: SshCredentials) -> Self {
        Self { credentials: Arc::new(credentials), ..Self::default() }
    }

    /// The same, with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Ends all connections. Commands that are steps go on where they run.
    pub async fn hang_up(&self) {
        let doors: Vec<_> = {
            let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            doors.drain().map(|(_, door)| door).collect()
        };
        for door in doors {
            door.hang_up().await;
        }
    }
}

#[async_trait]
impl Machines for SshMachines {
    async fn connect(&self, to: &MachineAddress, limits: &Limits) -> Result<Arc<dyn Machine>, EngineError> {
        let door = {
            // Nothing is left half done under this lock, so a panic elsewhere does not spoil it.
            let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            let door = || Arc::new(Door::new(to, self.patience, Arc::clone(&self.credentials)));
            Arc::clone(doors.entry(to.clone()).or_insert_with(door))
        };
        let through = door.commands.connection(limits).await?;
        Ok(Arc::new(SshMachine::new(door, &through)))
    }
}

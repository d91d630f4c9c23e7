//! One machine that is logged in to.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use domain::host_key::HostKeyFingerprint;
use domain::machine_address::MachineAddress;
use engines::error::EngineError;
use engines::limits::Limits;
use engines::machines::{ByteStream, Command, Machine, Output, RemoteFile};

use crate::credentials::{SshCredential, SshCredentials};
use crate::link::Link;
use crate::login::Connection;
use crate::patience::Patience;
use crate::{files, run, tunnel};

/// The connections to one machine.
pub(crate) struct Door {
    /// For commands and files.
    pub(crate) commands: Link,
    /// For tunnels: one that nobody reads from holds up the connection it is on.
    pub(crate) tunnels: Link,
    /// What one logs in with, for `sudo`.
    pub(crate) credential: SshCredential,
}

impl Door {
    pub(crate) fn new(to: &MachineAddress, patience: Patience, credentials: Arc<SshCredentials>) -> Self {
        let key = Arc::new(OnceLock::new());
        let credential = credentials.named(&to.login.credential).unwrap_or_default();
        let link = |credentials| Link::new(to.clone(), patience, credentials, Arc::clone(&key));
        Self { commands: link(Arc::clone(&credentials)), tunnels: link(credentials), credential }
    }

    pub(crate) async fn hang_up(&self) {
        self.commands.hang_up().await;
        self.tunnels.hang_up().await;
    }
}

/// One machine that is logged in to.
pub(crate) struct SshMachine {
    door: Arc<Door>,
    key: HostKeyFingerprint,
    bastion_keys: Vec<HostKeyFingerprint>,
}

impl SshMachine {
    pub(crate) fn new(door: Arc<Door>, through: &Connection) -> Self {
        Self { door, key: through.key, bastion_keys: through.bastion_keys.clone() }
    }
}

#[async_trait]
impl Machine for SshMachine {
    fn host_key(&self) -> HostKeyFingerprint {
        self.key
    }

    fn bastion_keys(&self) -> &[HostKeyFingerprint] {
        &self.bastion_keys
    }

    async fn run(&self, command: &Command, limits: &Limits) -> Result<Output, EngineError> {
        run::run(&self.door, command, limits).await
    }

    async fn put(&self, file: &RemoteFile, limits: &Limits) -> Result<(), EngineError> {
        files::put(&self.door, file, limits).await
    }

    async fn get(&self, path: &str, limits: &Limits) -> Result<Option<Vec<u8>>, EngineError> {
        files::get(&self.door, path, limits).await
    }

    async fn open(&self, host: &str, port: u16, limits: &Limits) -> Result<Box<dyn ByteStream>, EngineError> {
        tunnel::open(&self.door.tunnels, host, port, limits).await
    }
}

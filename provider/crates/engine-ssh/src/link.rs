//! One connection to a machine that all share, and that is made again when it is lost.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::host_key::{HostKeyFingerprint, HostKeyPolicy};
use domain::machine_address::MachineAddress;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::credentials::SshCredentials;
use crate::errors::said;
use crate::login::{self, Connection, DOING};
use crate::patience::Patience;

/// How often one knocks at a machine that was there.
const KNOCKING: Pace = Pace { first: Duration::from_millis(200), most: Duration::from_secs(2) };

/// One connection to a machine.
pub(crate) struct Link {
    pub(crate) to: MachineAddress,
    pub(crate) patience: Patience,
    credentials: Arc<SshCredentials>,
    /// The key that the machine proved first. Nothing else is accepted afterwards.
    key: Arc<OnceLock<HostKeyFingerprint>>,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    /// When the last attempt failed, and how.
    failed: Option<(Instant, Kind, String)>,
}

impl Link {
    pub(crate) fn new(
        to: MachineAddress,
        patience: Patience,
        credentials: Arc<SshCredentials>,
        key: Arc<OnceLock<HostKeyFingerprint>>,
    ) -> Self {
        Self { to, patience, credentials, key, slot: Mutex::default() }
    }

    /// The connection, made if there is none. Many who ask at once wait for one login, and fail with it.
    ///
    /// # Errors
    ///
    /// As [`engines::machines::Machines::connect`].
    pub(crate) async fn connection(&self, limits: &Limits) -> Result<Arc<Connection>, EngineError> {
        let target = self.to.to_string();
        let asked = Instant::now();
        let mut slot = limits.hold(DOING, &target, self.slot.lock()).await?;
        if let Some(connection) = &slot.connection
            && !connection.is_lost()
        {
            return Ok(Arc::clone(connection));
        }
        slot.connection = None;
        if let Some((at, kind, text)) = &slot.failed
            && *at >= asked
        {
            return Err(said(DOING, target, *kind, text.clone()));
        }
        let mut to = self.to.clone();
        if let Some(key) = self.key.get() {
            to.login.host_keys = HostKeyPolicy::pinned(*key);
        }
        // In a box: what it takes to log in is large, and every call holds room for it.
        let attempt = Box::pin(login::connect(&to, &self.credentials, &self.patience, limits));
        match attempt.await {
            Ok(connection) => {
                self.key.get_or_init(|| connection.key);
                let connection = Arc::new(connection);
                slot.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(error) => {
                if !matches!(error.kind, Kind::Cancelled | Kind::TimedOut) {
                    let text = error.cause.as_ref().map(ToString::to_string).unwrap_or_default();
                    slot.failed = Some((Instant::now(), error.kind, text));
                }
                Err(error)
            }
        }
    }

    /// The connection again after it was lost, with the patience that a machine gets to come back.
    ///
    /// # Errors
    ///
    /// As [`Self::connection`]; [`Kind::Unreachable`] with what was seen last if it does not come back.
    pub(crate) async fn resumed(&self, limits: &Limits) -> Result<Arc<Connection>, EngineError> {
        let target = self.to.to_string();
        tracing::debug!(machine = target, "the connection was lost and is made again");
        let bounded = limits.at_most(self.patience.resume);
        let look = || async { Ok(Seen::Ready(self.connection(&bounded).await?)) };
        match until(DOING, &target, KNOCKING, &bounded, look).await {
            Err(error) if error.kind == Kind::TimedOut && Instant::now() < limits.deadline => {
                let seen = error.cause.as_ref().map(ToString::to_string).unwrap_or_default();
                Err(said(DOING, target, Kind::Unreachable, format!("the connection was lost: {seen}")))
            }
            other => other,
        }
    }

    /// Ends the connection.
    pub(crate) async fn hang_up(&self) {
        if let Some(connection) = self.slot.lock().await.connection.take() {
            connection.hang_up().await;
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.to)
    }
}

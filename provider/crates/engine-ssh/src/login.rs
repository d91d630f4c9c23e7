//! From an address to a connection that is logged in: through its bastions, every key checked.

use std::sync::{Arc, OnceLock};

use domain::host_key::HostKeyFingerprint;
use domain::machine_address::{Login, MachineAddress};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::ByteStream;
use russh::client::{self, Handle};
use russh::keys::Algorithm;
use russh::{Disconnect, Preferred};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::authenticate::{self, NotIn};
use crate::credentials::SshCredentials;
use crate::errors::{judge, judge_refused, said};
use crate::host_key::{self, Doorman, Verdict};
use crate::patience::{Patience, patiently};

pub(crate) const DOING: &str = "logging in to";

/// How many signs of life may be missing in a row.
const MOST_MISSED: usize = 2;

/// How many commands run at once on one connection. OpenSSH allows ten by default.
const MOST_SESSIONS: usize = 8;

/// A connection that is logged in.
pub(crate) struct Connection {
    /// To the machine.
    pub(crate) handle: Handle<Doorman>,
    /// The key that it proved.
    pub(crate) key: HostKeyFingerprint,
    /// Leave to begin a command.
    pub(crate) sessions: Semaphore,
    /// The keys that the bastions on the way proved.
    pub(crate) bastion_keys: Vec<HostKeyFingerprint>,
    /// The bastions on the way, which have to stay.
    bastions: Vec<Handle<Doorman>>,
}

impl Connection {
    /// Whether it is known to have ended.
    pub(crate) fn is_lost(&self) -> bool {
        self.handle.is_closed() || self.bastions.iter().any(Handle::is_closed)
    }

    /// Tells the other sides that it is over. Whether they hear it matters to nobody.
    pub(crate) async fn hang_up(&self) {
        for handle in std::iter::once(&self.handle).chain(self.bastions.iter().rev()) {
            handle.disconnect(Disconnect::ByApplication, "", "").await.ok();
        }
    }
}

/// Logs in to the machine at `to`.
///
/// # Errors
///
/// As [`engines::machines::Machines::connect`].
pub(crate) async fn connect(
    to: &MachineAddress,
    credentials: &SshCredentials,
    patience: &Patience,
    limits: &Limits,
) -> Result<Connection, EngineError> {
    let mut bastions: Vec<Handle<Doorman>> = Vec::new();
    let mut bastion_keys = Vec::new();
    for bastion in &to.bastions {
        let way = Way { to, hop: bastion, via: bastions.last(), is_bastion: true };
        let (handle, key) = way.log_in(credentials, patience, limits).await?;
        bastions.push(handle);
        bastion_keys.push(key);
    }
    let way = Way { to, hop: &to.login, via: bastions.last(), is_bastion: false };
    let (handle, key) = way.log_in(credentials, patience, limits).await?;
    tracing::debug!(machine = %to, %key, "logged in");
    Ok(Connection { handle, key, sessions: Semaphore::new(MOST_SESSIONS), bastion_keys, bastions })
}

/// One step of the way to a machine.
struct Way<'a> {
    to: &'a MachineAddress,
    hop: &'a Login,
    via: Option<&'a Handle<Doorman>>,
    is_bastion: bool,
}

/// What came of a handshake.
enum Met {
    Somebody(Box<Handle<Doorman>>, HostKeyFingerprint),
    /// The key is not the one it should be.
    Stranger(Verdict),
    Nobody(russh::Error),
}

impl Way<'_> {
    fn error(&self, kind: Kind, text: &str) -> EngineError {
        let text =
            if self.is_bastion { format!("at the bastion {}: {text}", self.hop) } else { text.to_owned() };
        said(DOING, self.to.to_string(), kind, text)
    }

    /// Handshake and login, with as much patience as one server gets.
    async fn log_in(
        &self,
        credentials: &SshCredentials,
        patience: &Patience,
        limits: &Limits,
    ) -> Result<(Handle<Doorman>, HostKeyFingerprint), EngineError> {
        let target = self.to.to_string();
        let work = async {
            let (mut handle, key) = self.meet(patience).await?;
            match authenticate::log_in(&mut handle, self.hop, credentials).await {
                Ok(()) => Ok((handle, key)),
                Err(NotIn::Credential(problem, text)) => Err(self.error(Kind::SshCredential(problem), &text)),
                Err(NotIn::Refused(text)) => Err(self.error(Kind::LoginRefused, &text)),
                Err(NotIn::Connection(error)) => {
                    let (kind, text) = judge(&error);
                    Err(self.error(kind, &text))
                }
            }
        };
        match patiently(DOING, &target, limits, patience.login, work).await {
            Ok(done) => done,
            Err(error) if error.kind == Kind::Unreachable => {
                let text = format!("nothing was heard for {} s", patience.login.as_secs_f32());
                Err(self.error(Kind::Unreachable, &text))
            }
            Err(error) => Err(error),
        }
    }

    /// The handshake, in which the server proves its key. A server has several keys and shows the best that it is
    /// asked for; if that is not the one that it must be, the others are asked for.
    async fn meet(&self, patience: &Patience) -> Result<(Handle<Doorman>, HostKeyFingerprint), EngineError> {
        let mut algorithms = host_key::algorithms(&self.hop.host_keys, &self.hop.at);
        let mut first: Option<Verdict> = None;
        loop {
            match self.greet(patience, algorithms.clone()).await? {
                Met::Somebody(handle, key) => return Ok((*handle, key)),
                Met::Stranger(verdict) => {
                    algorithms.retain(|algorithm| *algorithm != verdict.algorithm);
                    let is_final = !self.hop.host_keys.names_one() || algorithms.is_empty();
                    let first = first.get_or_insert(verdict);
                    if is_final {
                        return Err(self.stranger(first));
                    }
                }
                Met::Nobody(error) => {
                    if let (Some(verdict), russh::Error::NoCommonAlgo { .. }) = (&first, &error) {
                        return Err(self.stranger(verdict));
                    }
                    let (kind, text) = judge(&error);
                    return Err(self.error(kind, &text));
                }
            }
        }
    }

    fn stranger(&self, verdict: &Verdict) -> EngineError {
        match &verdict.problem {
            Some((problem, text)) => self.error(Kind::HostKey(*problem), text),
            None => self.error(Kind::Untrusted, "it changed its host key within one connection"),
        }
    }

    async fn greet(&self, patience: &Patience, algorithms: Vec<Algorithm>) -> Result<Met, EngineError> {
        let stream = self.stream().await?;
        let verdict = Arc::new(OnceLock::new());
        let doorman = Doorman::new(self.hop.host_keys.clone(), self.hop.at.clone(), Arc::clone(&verdict));
        let config = client::Config {
            keepalive_interval: Some(patience.alive),
            keepalive_max: MOST_MISSED,
            nodelay: true,
            preferred: Preferred { key: algorithms.into(), ..Preferred::default() },
            ..client::Config::default()
        };
        let met = client::connect_stream(Arc::new(config), stream, doorman).await;
        Ok(match (met, verdict.get()) {
            (Ok(handle), Some(verdict)) if verdict.problem.is_none() => {
                Met::Somebody(Box::new(handle), verdict.key)
            }
            (_, Some(verdict)) if verdict.problem.is_some() => Met::Stranger(verdict.clone()),
            (Ok(_), _) => Met::Nobody(russh::Error::UnknownKey),
            (Err(error), _) => Met::Nobody(error),
        })
    }

    /// Bytes to and from the server: straight, or through the bastion before it.
    async fn stream(&self) -> Result<Box<dyn ByteStream>, EngineError> {
        let at = &self.hop.at;
        let Some(bastion) = self.via else {
            let stream = TcpStream::connect((at.host.as_str(), at.port)).await;
            let stream = stream.map_err(|error| self.error(Kind::Unreachable, &error.to_string()))?;
            stream.set_nodelay(true).map_err(|error| self.error(Kind::Unreachable, &error.to_string()))?;
            return Ok(Box::new(stream));
        };
        match bastion.channel_open_direct_tcpip(at.host.as_str(), at.port.into(), "127.0.0.1", 0).await {
            Ok(channel) => Ok(Box::new(channel.into_stream())),
            Err(russh::Error::ChannelOpenFailure(failure)) => {
                let kind = judge_refused(&failure);
                let text = if kind == Kind::Rejected {
                    format!("the server before it passes no connection on to {at} (AllowTcpForwarding)")
                } else {
                    format!("the server before it does not reach {at}")
                };
                Err(self.error(kind, &text))
            }
            Err(error) => {
                let (kind, text) = judge(&error);
                Err(self.error(kind, &text))
            }
        }
    }
}

//! Connections from a machine to somewhere else.

use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::ByteStream;

use crate::errors::{judge, judge_refused, said};
use crate::link::Link;
use crate::patience::patiently;

const DOING: &str = "opening a tunnel through";

/// Opens one. That opening can be repeated is what makes it safe to begin again on a connection that was just lost.
///
/// # Errors
///
/// As [`engines::machines::Machine::open`].
pub(crate) async fn open(
    link: &Link,
    host: &str,
    port: u16,
    limits: &Limits,
) -> Result<Box<dyn ByteStream>, EngineError> {
    let target = link.to.to_string();
    let mut connection = link.connection(limits).await?;
    loop {
        let channel = connection.handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0);
        match patiently(DOING, &target, limits, link.patience.login, channel).await? {
            Ok(channel) => return Ok(Box::new(channel.into_stream())),
            Err(russh::Error::ChannelOpenFailure(failure)) => {
                let kind = judge_refused(&failure);
                let text = if kind == Kind::Rejected {
                    "its SSH server passes no connections on (AllowTcpForwarding)".to_owned()
                } else {
                    format!("it does not reach {host}:{port}")
                };
                return Err(said(DOING, target, kind, text));
            }
            Err(_) if connection.is_lost() => connection = link.resumed(limits).await?,
            Err(error) => {
                let (kind, text) = judge(&error);
                return Err(said(DOING, target, kind, text));
            }
        }
    }
}

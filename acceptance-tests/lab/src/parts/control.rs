//! What a proxy is told, and by whom: one line of JSON each way over a unix socket in the lab's folder.
//!
//! The proxy that counts requests can be put in place of the present one without the other side noticing.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// What a proxy does with connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Hands them on.
    #[default]
    Pass,
    /// Accepts none and breaks those there are.
    Refuse,
    /// Hands on each piece that the client sends only after a while.
    Slow {
        /// The while, in milliseconds.
        delay_ms: u64,
    },
}

/// What the other side asks of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// To say what it does.
    Mode,
    /// To do this from now on. Answered when it does.
    SetMode(Mode),
}

/// An ask on its way to the proxy, and where the answer goes.
pub(crate) type Message = (Ask, oneshot::Sender<Mode>);

/// Asks the proxy whose control socket is `socket`; gives what it does now.
///
/// # Errors
///
/// No proxy is there, or it does not answer within some seconds.
pub(crate) async fn ask(socket: &Path, ask: Ask) -> anyhow::Result<Mode> {
    let talk = async {
        let mut stream = UnixStream::connect(socket).await?;
        let mut line = serde_json::to_vec(&ask)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await?;
        anyhow::Ok(serde_json::from_str(&answer)?)
    };
    tokio::time::timeout(Duration::from_secs(5), talk)
        .await
        .map_err(anyhow::Error::from)
        .flatten()
        .with_context(|| format!("asking the proxy at {}", socket.display()))
}

/// Listens on `socket` and hands on what is asked, until the process ends.
pub(crate) async fn serve(socket: &Path, asks: mpsc::Sender<Message>) -> anyhow::Result<()> {
    let doing = || format!("listening on {}", socket.display());
    match std::fs::remove_file(socket) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause).with_context(doing),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket).with_context(doing)?;
    loop {
        let (stream, _) = listener.accept().await.with_context(doing)?;
        // Somebody who asks nonsense or hangs up gets no answer; the next one is served.
        tokio::spawn(answer(stream, asks.clone()));
    }
}

async fn answer(stream: UnixStream, asks: mpsc::Sender<Message>) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).await?;
    let (sender, answer) = oneshot::channel();
    asks.send((serde_json::from_str(&line)?, sender)).await?;
    let mut line = serde_json::to_vec(&answer.await?)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    Ok(())
}

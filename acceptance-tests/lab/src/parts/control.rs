//! What a proxy is told and asked, and by whom: one line of JSON each way over a unix socket in the lab's folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::requests::{Cut, Request};

/// How long a proxy may take to answer what it need not wait for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a proxy does with requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Hands them on.
    #[default]
    Pass,
    /// Accepts no connection and breaks those there are.
    Refuse,
    /// Hands each one on only after a while.
    Slow {
        /// The while, in milliseconds.
        delay_ms: u64,
    },
    /// Answers each one itself with 401.
    Unauthorized,
    /// Answers each one itself with 403.
    Forbidden,
    /// Hands them on to another cluster, with that one's administrator in the place of this one's.
    Swap {
        /// The other cluster.
        cluster: String,
        /// The port of its API server.
        upstream: u16,
        /// The folder with its certificates and tokens.
        pki: PathBuf,
    },
}

/// What the other side asks of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// To say what it does.
    Mode,
    /// To do this from now on. Answered when it does.
    SetMode(Mode),
    /// To count the requests of a scope from one anew, and to cut one of them.
    Watch {
        /// What their path holds.
        scope: String,
        /// Which one, and where.
        cut: Option<Cut>,
    },
    /// To say what was asked.
    Requests {
        /// What the path holds.
        scope: String,
    },
    /// To answer when the cut of a scope has happened.
    AwaitCut {
        /// The scope.
        scope: String,
        /// How long at most.
        patience: Duration,
    },
    /// To break what is held, and to cut nothing.
    LiftCut {
        /// The scope.
        scope: String,
    },
    /// To break all that is held, and to cut nothing at all.
    LiftCuts,
}

/// What a proxy answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// This is what it does.
    Mode(Mode),
    /// It is done.
    Done,
    /// What was asked.
    Requests(Vec<Request>),
    /// The request that was cut; none if there was none in time.
    Cut(Option<Request>),
    /// It cannot do that, and why.
    Refused(String),
}

/// Asks the proxy whose control socket is `socket`.
///
/// # Errors
///
/// No proxy is there, it refuses, or it does not answer within some seconds.
pub(crate) async fn ask(socket: &Path, ask: &Ask) -> anyhow::Result<Answer> {
    ask_patiently(socket, ask, Duration::ZERO).await
}

/// Asks the proxy for something that it may wait for, for `longer`.
///
/// # Errors
///
/// As [`ask`].
pub(crate) async fn ask_patiently(socket: &Path, ask: &Ask, longer: Duration) -> anyhow::Result<Answer> {
    let talk = async {
        let mut stream = UnixStream::connect(socket).await?;
        let mut line = serde_json::to_vec(&ask)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await?;
        match serde_json::from_str(&answer)? {
            Answer::Refused(why) => bail!("{why}"),
            answer => Ok(answer),
        }
    };
    tokio::time::timeout(PATIENCE + longer, talk)
        .await
        .map_err(anyhow::Error::from)
        .flatten()
        .with_context(|| format!("asking the proxy at {}", socket.display()))
}

/// Who answers what a proxy is asked.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Answers one ask.
    fn answer(&self, ask: Ask) -> impl Future<Output = anyhow::Result<Answer>> + Send;
}

/// Listens on `socket` until the process ends, and answers what is asked.
pub(crate) async fn serve<A: Answers>(socket: &Path, proxy: Arc<A>) -> anyhow::Result<()> {
    let doing = || format!("listening on {}", socket.display());
    match std::fs::remove_file(socket) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause).with_context(doing),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket).with_context(doing)?;
    loop {
        let (stream, _) = listener.accept().await.with_context(doing)?;
        // Somebody who asks nonsense or hangs up gets no answer; the next one is served.
        tokio::spawn(answer(stream, Arc::clone(&proxy)));
    }
}

async fn answer<A: Answers>(stream: UnixStream, proxy: Arc<A>) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).await?;
    let answer = match proxy.answer(serde_json::from_str(&line)?).await {
        Ok(answer) => answer,
        Err(error) => Answer::Refused(format!("{error:#}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    Ok(())
}

//! Looking at parts.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use anyhow::bail;
use kube::Client;
use serde::Serialize;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::environment::search_path;
use crate::lab::Lab;
use crate::layout::Layout;
use crate::part::{PartSpec, Ready};
use crate::parts::control::{self, Answer, Ask, Mode};
use crate::process::{Condition, Identity};
use crate::runtime::block_on;
use crate::specs::{api_server_name, proxy_name};
use crate::state::State;
use crate::up::PATIENCE;
use crate::wait::{Look, until};
use crate::{cluster, files, http_client};

/// What marks the processes of a lab in their environment.
pub(crate) const MARK: &str = "LAB_ID";

/// How much of a part's log goes into an error.
const LINES_SHOWN: usize = 12;

/// How long one look at a part may take.
const LOOK: Duration = Duration::from_secs(3);

/// One part as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartStatus {
    /// What it is called.
    pub name: String,
    /// Its process, unless it is dead.
    pub pid: Option<i32>,
    /// `running`, `frozen`, `dead`; a proxy with a fault says which, as `slow (2000 ms)`.
    pub state: String,
    /// Its resident memory, in MiB.
    pub resident_mib: u64,
    /// The ports it listens on, the main one first.
    pub ports: Vec<u16>,
}

impl Lab {
    /// Gives every part as it is now, in the order of their names.
    ///
    /// # Errors
    ///
    /// The lab is gone, or its record cannot be read.
    pub fn status(&self) -> anyhow::Result<Vec<PartStatus>> {
        let state = State::of(&self.layout)?;
        let mut list = Vec::new();
        for part in state.parts.values() {
            let condition = part.condition();
            let alive = part.process.filter(|_| condition != Condition::Dead);
            list.push(PartStatus {
                name: part.spec.name.clone(),
                pid: alive.map(|process| process.pid),
                state: self.describe(&part.spec, condition),
                resident_mib: alive.map_or(0, |process| process.resident_kib() / 1024),
                ports: part.spec.ports.clone(),
            });
        }
        Ok(list)
    }

    fn describe(&self, spec: &PartSpec, condition: Condition) -> String {
        let mode = match (&spec.ready, condition) {
            (Ready::ProxyControl(cluster), Condition::Running) => {
                block_on(control::ask(&self.layout.proxy_control(cluster), &Ask::Mode)).ok()
            }
            _ => None,
        };
        match (condition, mode) {
            (Condition::Dead, _) => "dead".to_owned(),
            (Condition::Frozen, _) => "frozen".to_owned(),
            (Condition::Running, Some(Answer::Mode(mode))) => describe(&mode),
            (Condition::Running, _) => "running".to_owned(),
        }
    }
}

/// Says what a proxy does.
fn describe(mode: &Mode) -> String {
    match mode {
        Mode::Pass => "running".to_owned(),
        Mode::Refuse => "refusing".to_owned(),
        Mode::Slow { delay_ms } => format!("slow ({delay_ms} ms)"),
        Mode::Unauthorized => "answering 401".to_owned(),
        Mode::Forbidden => "answering 403".to_owned(),
        Mode::Swap { cluster, .. } => format!("leading to {cluster}"),
    }
}

/// Gives the whole environment of a part.
pub(crate) fn environment_of(layout: &Layout, id: &str, spec: &PartSpec) -> BTreeMap<String, String> {
    let mut env = spec.env.clone();
    env.extend([
        (MARK.to_owned(), id.to_owned()),
        ("PATH".to_owned(), search_path()),
        ("HOME".to_owned(), layout.home().display().to_string()),
        ("TMPDIR".to_owned(), layout.temporary().display().to_string()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ]);
    env
}

/// Waits until a part is up.
///
/// # Errors
///
/// It died or took too long: the last lines of its log are in the error.
pub(crate) async fn await_ready(layout: &Layout, spec: &PartSpec, process: Identity) -> anyhow::Result<()> {
    let outcome = wait(layout, spec, process).await;
    outcome.map_err(|error| {
        let log = layout.log(&spec.name);
        error.context(format!(
            "{} did not come up; the last lines of {}:\n{}",
            spec.name,
            log.display(),
            files::tail(&log, LINES_SHOWN)
        ))
    })
}

async fn wait(layout: &Layout, spec: &PartSpec, process: Identity) -> anyhow::Result<()> {
    let probe = Probe::new(layout, &spec.ready).await?;
    until(&spec.name, PATIENCE, async || {
        if process.condition() == Condition::Dead {
            bail!("its process {} has ended", process.pid);
        }
        // Somebody else may hold the port and never answer: the part is then dead by the next look.
        Ok(match timeout(LOOK, probe.look()).await {
            Ok(Ok(())) => Look::Ready(()),
            Ok(Err(error)) => Look::Pending(format!("{error:#}")),
            Err(_) => Look::Pending(format!("no answer within {} s", LOOK.as_secs())),
        })
    })
    .await
}

/// A probe with what it needs at hand.
enum Probe<'a> {
    Http { server: SocketAddrV4, path: &'a str },
    Place(SocketAddrV4),
    Greeting { server: SocketAddrV4, begins: &'a str },
    Api { client: Client, path: &'a str },
    Control(std::path::PathBuf),
}

impl<'a> Probe<'a> {
    async fn new(layout: &Layout, ready: &'a Ready) -> anyhow::Result<Self> {
        Ok(match ready {
            Ready::Http { address, port, path } => {
                Self::Http { server: SocketAddrV4::new(*address, *port), path }
            }
            Ready::Port(port) => Self::Place(SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port)),
            Ready::Place(place) => Self::Place(*place),
            Ready::Greeting { server, begins } => Self::Greeting { server: *server, begins },
            Ready::ApiServer(name) => Self::api(layout, name, "/readyz").await?,
            Ready::Object { cluster, path } => Self::api(layout, cluster, path).await?,
            Ready::ProxyControl(name) => Self::Control(layout.proxy_control(name)),
        })
    }

    async fn api(layout: &Layout, name: &str, path: &'a str) -> anyhow::Result<Self> {
        Ok(Self::Api { client: cluster::probe_client(&layout.inner_kubeconfig(name)).await?, path })
    }

    async fn look(&self) -> anyhow::Result<()> {
        match self {
            Self::Http { server, path } => {
                let answer = http_client::get(*server, path).await?;
                if !answer.status().is_success() {
                    bail!("{path} answers {}", answer.status());
                }
            }
            Self::Place(place) => drop(tokio::net::TcpStream::connect(place).await?),
            Self::Greeting { server, begins } => {
                let mut greeting = vec![0; begins.len()];
                tokio::net::TcpStream::connect(server).await?.read_exact(&mut greeting).await?;
                if greeting != begins.as_bytes() {
                    bail!("{server} greets with {}", String::from_utf8_lossy(&greeting));
                }
            }
            Self::Api { client, path } => drop(cluster::get(client, path).await?),
            Self::Control(socket) => drop(control::ask(socket, &Ask::Mode).await?),
        }
        Ok(())
    }
}

/// Gives the part that a fault of `target` concerns: a part's name, or a cluster's API server or proxy.
pub(crate) fn parts_of(state: &State, target: &str) -> anyhow::Result<Target> {
    if state.clusters.iter().any(|cluster| cluster == target) {
        let cluster = target.to_owned();
        return Ok(Target::Cluster {
            api_server: api_server_name(target),
            proxy: proxy_name(target),
            cluster,
        });
    }
    if state.parts.contains_key(target) {
        return Ok(Target::Part(target.to_owned()));
    }
    let parts: Vec<_> = state.parts.keys().map(String::as_str).collect();
    bail!(
        "nothing is called {target}; clusters are {}; parts are {}",
        state.clusters.join(", "),
        parts.join(", ")
    )
}

/// What a fault is put on.
pub(crate) enum Target {
    /// A cluster: its API server, and the proxy in front of it.
    Cluster {
        /// The cluster.
        cluster: String,
        /// The part that is its API server.
        api_server: String,
        /// The part that clients reach it through.
        proxy: String,
    },
    /// One part.
    Part(String),
}

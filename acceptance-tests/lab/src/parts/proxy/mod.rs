//! The way into a cluster: an HTTP proxy that counts what the provider asks, and can cut it, refuse, be slow, deny,
//! and lead to another cluster.
//!
//! It shows the cluster's own certificate, and opens one connection to the API server for each of a client's, with the
//! protocol that both agree on: what breaks on one side breaks on the other, and who is frozen hangs as before.
//! Upgraded connections (`exec`, `port-forward`) are not handed on: nothing in the lab runs pods.

mod recorder;
mod relay;
mod socket;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::parts::control::{self, Answer, Answers, Ask, Mode};
use recorder::Recorder;
use relay::relay;
use upstream::{Certificate, Upstream};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How the provider calls itself, up to its version.
const PROVIDER: &str = "terraform-provider-kurator/";

/// What the proxy does now, and where it leads to.
#[derive(Clone)]
pub(crate) struct Course {
    mode: Mode,
    upstream: Arc<Upstream>,
}

/// What all connections share.
pub(crate) struct Proxy {
    certificate: Certificate,
    /// The cluster's own API server.
    home: Arc<Upstream>,
    course: watch::Sender<Course>,
    recorder: Mutex<Recorder>,
    /// Counts what changed in the recorder, for those who wait for it.
    news: watch::Sender<u64>,
    door: mpsc::Sender<oneshot::Sender<anyhow::Result<()>>>,
}

/// Runs the proxy until the process ends. `pki` is the folder with the cluster's certificates.
pub(crate) async fn run(listen: u16, upstream: u16, pki: PathBuf, control: PathBuf) -> anyhow::Result<()> {
    let home = Arc::new(Upstream::new(upstream, &pki)?);
    let (door, calls) = mpsc::channel(16);
    let (course, _) = watch::channel(Course { mode: Mode::Pass, upstream: Arc::clone(&home) });
    let proxy = Arc::new(Proxy {
        certificate: Certificate::read(&pki)?,
        home,
        course,
        recorder: Mutex::default(),
        news: watch::channel(0).0,
        door,
    });
    tokio::select! {
        outcome = keep_the_door(listen, &proxy, calls) => outcome,
        outcome = control::serve(&control, Arc::clone(&proxy)) => outcome,
    }
}

/// What the proxy is about to do.
enum Door {
    /// The port is ours but nobody listens: the kernel refuses.
    Closed(TcpSocket),
    /// Connections are accepted.
    Open(TcpListener),
}

/// Takes the port without listening on it.
fn bound(port: u16) -> anyhow::Result<TcpSocket> {
    let take = || -> std::io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(socket)
    };
    take().with_context(|| format!("taking port {port}"))
}

/// Accepts connections, and opens or closes the door when it is called because the course has changed.
async fn keep_the_door(
    listen: u16,
    proxy: &Arc<Proxy>,
    mut calls: mpsc::Receiver<oneshot::Sender<anyhow::Result<()>>>,
) -> anyhow::Result<()> {
    let doing = || format!("listening on port {listen}");
    let mut door = Door::Open(bound(listen)?.listen(BACKLOG).with_context(doing)?);
    loop {
        let call = match &door {
            Door::Closed(_) => calls.recv().await,
            Door::Open(listener) => tokio::select! {
                accepted = listener.accept() => {
                    // A connection that broke before it was accepted is no reason to end.
                    if let Ok((client, _)) = accepted {
                        tokio::spawn(serve(client, Arc::clone(proxy)));
                    }
                    continue;
                }
                call = calls.recv() => call,
            },
        };
        let Some(done) = call else { return Ok(()) };
        let refuses = proxy.course.borrow().mode == Mode::Refuse;
        door = match (door, refuses) {
            (Door::Open(listener), true) => {
                drop(listener);
                Door::Closed(bound(listen)?)
            }
            (Door::Closed(socket), false) => Door::Open(socket.listen(BACKLOG).with_context(doing)?),
            (door, _) => door,
        };
        // Whoever asked may be gone by now.
        let _ = done.send(Ok(()));
    }
}

/// Serves one connection until it ends, breaks, or the course no longer allows it.
async fn serve(client: TcpStream, proxy: Arc<Proxy>) {
    let mut course = proxy.course.subscribe();
    let upstream = Arc::clone(&course.borrow().upstream);
    let broken = socket::Broken::default();
    let leads_elsewhere = |now: &Course| now.mode == Mode::Refuse || !Arc::ptr_eq(&now.upstream, &upstream);
    let work = relay(client, &proxy, &upstream, &broken);
    tokio::pin!(work);
    tokio::select! {
        _ = course.wait_for(leads_elsewhere) => broken.set(),
        outcome = &mut work => if outcome.is_err() { broken.set() },
    }
}

impl Proxy {
    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        // Nothing is left half done under this lock.
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the recorder and tells those who wait.
    fn record<T>(&self, change: impl FnOnce(&mut Recorder) -> T) -> T {
        let outcome = change(&mut self.recorder());
        self.news.send_modify(|count| *count += 1);
        outcome
    }

    /// Waits until the recorder gives something.
    async fn recorded<T>(&self, look: impl Fn(&Recorder) -> Option<T>) -> Option<T> {
        let mut news = self.news.subscribe();
        loop {
            news.borrow_and_update();
            if let Some(found) = look(&self.recorder()) {
                return Some(found);
            }
            news.changed().await.ok()?;
        }
    }

    async fn set_mode(&self, mode: Mode) -> anyhow::Result<()> {
        let upstream = match &mode {
            Mode::Swap { upstream, pki, .. } => Arc::new(Upstream::new(*upstream, pki)?),
            _ => Arc::clone(&self.home),
        };
        self.course.send_replace(Course { mode, upstream });
        let (done, is_done) = oneshot::channel();
        self.door.send(done).await?;
        is_done.await?
    }
}

impl Answers for Proxy {
    async fn answer(&self, ask: Ask) -> anyhow::Result<Answer> {
        Ok(match ask {
            Ask::Mode => Answer::Mode(self.course.borrow().mode.clone()),
            Ask::SetMode(mode) => {
                self.set_mode(mode).await?;
                Answer::Done
            }
            Ask::Watch { scope, cut } => {
                self.record(|recorder| recorder.watch(scope, cut));
                Answer::Done
            }
            Ask::Requests { scope } => Answer::Requests(self.recorder().requests(&scope)),
            Ask::AwaitCut { scope, patience } => {
                let cut = self.recorded(|recorder| recorder.cut_request(&scope));
                Answer::Cut(tokio::time::timeout(patience, cut).await.ok().flatten())
            }
            Ask::LiftCut { scope } => {
                self.record(|recorder| recorder.lift(&scope));
                Answer::Done
            }
            Ask::LiftCuts => {
                self.record(Recorder::lift_all);
                Answer::Done
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the delay is what the fault is; nothing is waited for")]
async fn delay(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

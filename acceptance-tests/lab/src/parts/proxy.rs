//! The way into a cluster: a TCP proxy that can refuse and be slow.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::parts::control::{self, Ask, Message, Mode};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What the proxy is about to do.
enum Door {
    /// The port is ours but nobody listens: the kernel refuses.
    Closed(TcpSocket),
    /// Connections are accepted.
    Open(TcpListener),
}

/// Runs the proxy until the process ends.
pub(crate) async fn run(listen: u16, upstream: u16, control: PathBuf) -> anyhow::Result<()> {
    let (sender, asks) = mpsc::channel(16);
    tokio::select! {
        outcome = relay_all(listen, upstream, asks) => outcome,
        outcome = control::serve(&control, sender) => outcome,
    }
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

async fn relay_all(listen: u16, upstream: u16, mut asks: mpsc::Receiver<Message>) -> anyhow::Result<()> {
    let doing = || format!("listening on port {listen}");
    let (mode, _) = watch::channel(Mode::Pass);
    let mut door = Door::Open(bound(listen)?.listen(BACKLOG).with_context(doing)?);
    loop {
        let ask = match &door {
            Door::Closed(_) => asks.recv().await,
            Door::Open(listener) => tokio::select! {
                accepted = listener.accept() => {
                    // A connection that broke before it was accepted is no reason to end.
                    if let Ok((client, _)) = accepted {
                        tokio::spawn(relay(client, upstream, mode.subscribe()));
                    }
                    continue;
                }
                ask = asks.recv() => ask,
            },
        };
        let Some((ask, answer)) = ask else { return Ok(()) };
        if let Ask::SetMode(new) = ask {
            mode.send_replace(new);
            door = match (door, new) {
                (Door::Open(listener), Mode::Refuse) => {
                    drop(listener);
                    Door::Closed(bound(listen)?)
                }
                (Door::Closed(socket), Mode::Pass | Mode::Slow { .. }) => {
                    Door::Open(socket.listen(BACKLOG).with_context(doing)?)
                }
                (door, _) => door,
            };
        }
        // Whoever asked may be gone by now.
        let _ = answer.send(*mode.borrow());
    }
}

/// Hands one connection on until it ends, breaks or is refused.
async fn relay(mut client: TcpStream, upstream: u16, mode: watch::Receiver<Mode>) {
    let mut refused = mode.clone();
    let ended = tokio::select! {
        _ = refused.wait_for(|mode| *mode == Mode::Refuse) => false,
        outcome = hand_on(&mut client, upstream, mode) => outcome.is_ok(),
    };
    if !ended {
        // Dropped with linger at zero, the connection ends in a reset, as if the machine were gone.
        let _ = client.set_zero_linger();
    }
}

async fn hand_on(client: &mut TcpStream, upstream: u16, mode: watch::Receiver<Mode>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let forth = async {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = from_client.read(&mut piece).await?;
            if length == 0 {
                return to_server.shutdown().await;
            }
            let now = *mode.borrow();
            delay(now).await;
            to_server.write_all(&piece[..length]).await?;
        }
    };
    let back = async {
        copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(forth, back).map(drop)
}

#[expect(clippy::disallowed_methods, reason = "the delay is what the fault is; nothing is waited for")]
async fn delay(mode: Mode) {
    match mode {
        Mode::Slow { delay_ms } => tokio::time::sleep(Duration::from_millis(delay_ms)).await,
        Mode::Pass | Mode::Refuse => {}
    }
}

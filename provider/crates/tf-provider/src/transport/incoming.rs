//! Lets callers in, one task each, so that a silent one holds up nobody.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::transport::connection::{Connection, Pipe};
use crate::transport::lifecycle::Lifecycle;
use crate::transport::listener::Listener;

/// How long a caller may take over its TLS handshake.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// The pause after an accept that failed for want of something, such as file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Accepts callers until `lifecycle` ends, through `tls` if there is one.
///
/// The task holds `listener`: once it has ended, so has what the listener made in the file system.
pub(crate) fn incoming(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    lifecycle: &Lifecycle,
) -> (ReceiverStream<io::Result<Connection>>, JoinHandle<()>) {
    let (accepted, connections) = mpsc::channel(16);
    let writes = Arc::clone(&lifecycle.writes);
    let accepting = tokio::spawn(accept_all(listener, tls, accepted, writes, lifecycle.ending.clone()));
    (ReceiverStream::new(connections), accepting)
}

async fn accept_all(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    accepted: mpsc::Sender<io::Result<Connection>>,
    writes: Arc<Notify>,
    ending: CancellationToken,
) {
    while let Some(caller) = ending.run_until_cancelled(listener.accept()).await {
        match caller {
            Ok(pipe) => {
                let let_in = let_in(pipe, tls.clone(), accepted.clone(), Arc::clone(&writes));
                tokio::spawn(ending.clone().run_until_cancelled_owned(let_in));
            }
            Err(cause) => {
                tracing::warn!(%cause, "accepting a connection");
                #[expect(clippy::disallowed_methods, reason = "without a pause this loop would spin")]
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn let_in(
    pipe: Box<dyn Pipe + Unpin>,
    tls: Option<TlsAcceptor>,
    accepted: mpsc::Sender<io::Result<Connection>>,
    writes: Arc<Notify>,
) {
    let connection = match tls {
        None => Connection::new(pipe, writes),
        Some(tls) => match tokio::time::timeout(TLS_HANDSHAKE, tls.accept(pipe)).await {
            Ok(Ok(stream)) => Connection::new(stream, writes),
            Ok(Err(cause)) => {
                tracing::warn!(%cause, "refused a caller");
                return;
            }
            Err(_) => {
                tracing::warn!("a caller did not finish its TLS handshake");
                return;
            }
        },
    };
    // Nobody takes it when the server is ending; the caller then sees its connection closed.
    drop(accepted.send(Ok(connection)).await);
}

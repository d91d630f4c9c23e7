//! The two ways to an API server that runs on a machine: directly, and through the machine's SSH server.
//!
//! Whichever is taken, the server proves the same name with the same authority, so a way that leads somewhere else is
//! noticed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use engines::limits::Limits;
use engines::machines::{ByteStream, Machine};
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::Config;
use kube::client::ConfigExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceBuilder};

/// How long a direct connection may take. A firewall that drops what it does not let through says nothing at all, and a
/// connection to the other side of the world takes a third of a second.
const DIRECT: Duration = Duration::from_secs(3);

/// Where a machine finds its own API server.
const LOOPBACK: &str = "127.0.0.1";

/// One of the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    Tunnel,
}

/// The ways to one API server. The first that works is kept; clones keep it together.
#[derive(Clone)]
pub(crate) struct Ways(Arc<Inner>);

struct Inner {
    machine: Arc<dyn Machine>,
    host: String,
    port: u16,
    patience: Duration,
    found: Mutex<Option<Way>>,
}

impl Ways {
    /// The ways to `host:port`, which runs on `machine`, or the one that is chosen already. A connection may take as
    /// long as `patience`.
    pub(crate) fn new(
        machine: Arc<dyn Machine>,
        host: String,
        port: u16,
        patience: Duration,
        chosen: Option<Way>,
    ) -> Self {
        Self(Arc::new(Inner { machine, host, port, patience, found: Mutex::new(chosen) }))
    }

    /// A client that goes these ways.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates, keys or credentials of `config`.
    pub(crate) fn client(self, config: &Config) -> Result<kube::Client, kube::Error> {
        let connector = config.rustls_https_connector_with_connector(self)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
            .service(client);
        Ok(kube::Client::new(service, config.default_namespace.clone()))
    }

    async fn connect(&self) -> io::Result<Stream> {
        let inner = &self.0;
        // Whoever comes while a way is being looked for waits for it.
        let mut found = inner.found.lock().await;
        if let Some(way) = *found {
            drop(found);
            return inner.by(way).await;
        }
        let direct = match inner.by(Way::Direct).await {
            Ok(stream) => {
                *found = Some(Way::Direct);
                return Ok(stream);
            }
            Err(error) => error,
        };
        match inner.by(Way::Tunnel).await {
            Ok(stream) => {
                tracing::debug!(host = inner.host, %direct, "the API server is reached through its machine");
                *found = Some(Way::Tunnel);
                Ok(stream)
            }
            Err(tunnel) => Err(io::Error::other(format!("{direct}; {tunnel}"))),
        }
    }
}

impl Inner {
    async fn by(&self, way: Way) -> io::Result<Stream> {
        match way {
            Way::Direct => {
                let connecting = TcpStream::connect((self.host.as_str(), self.port));
                let connected = tokio::time::timeout(DIRECT.min(self.patience / 2), connecting).await;
                let stream = connected.unwrap_or_else(|_| Err(io::Error::other("no answer in time")));
                let at = |error| io::Error::other(format!("{}:{} directly: {error}", self.host, self.port));
                let stream = stream.map_err(at)?;
                // Requests are small and wait for answers.
                stream.set_nodelay(true)?;
                Ok(Stream(Box::new(stream)))
            }
            Way::Tunnel => {
                let limits = Limits::within(self.patience, CancellationToken::new());
                let opened = self.machine.open(LOOPBACK, self.port, &limits).await;
                opened.map(Stream).map_err(|error| io::Error::other(error.chain()))
            }
        }
    }
}

impl Service<Uri> for Ways {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let ways = self.clone();
        Box::pin(async move { ways.connect().await.map(TokioIo::new) })
    }
}

/// A connection by either way.
pub(crate) struct Stream(Box<dyn ByteStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;

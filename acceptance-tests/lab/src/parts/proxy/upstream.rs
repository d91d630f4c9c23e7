//! The API server behind the proxy: who it is, and a connection to it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, IpAddr, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::pki;

/// HTTP/2 in the negotiation of protocols.
pub(crate) const H2: &[u8] = b"h2";

/// How much may be on its way in one stream: lists of thousands of objects come in few round trips.
pub(crate) const WINDOW: u32 = 1 << 20;

/// An API server, and whom its administrator is known as.
pub(crate) struct Upstream {
    port: u16,
    tls: ClientConfig,
    /// The header of its administrator: a secret.
    pub(crate) administrator: HeaderValue,
}

impl Upstream {
    /// The API server on `port` whose certificates and tokens are in the folder `dir`.
    pub(crate) fn new(port: u16, dir: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        let file = dir.join(pki::CA_CERTIFICATE);
        let doing = || format!("reading {}", file.display());
        roots.add(CertificateDer::from_pem_file(&file).with_context(doing)?).with_context(doing)?;
        let mut administrator =
            HeaderValue::try_from(format!("Bearer {}", pki::token(dir)?)).context("reading a token")?;
        administrator.set_sensitive(true);
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { port, tls, administrator })
    }

    /// Connects, without a word of TLS yet.
    pub(crate) async fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Agrees on TLS and on one of `protocols`, then on HTTP.
    pub(crate) async fn agree(&self, stream: TcpStream, protocols: Vec<Vec<u8>>) -> anyhow::Result<Agreed> {
        // A clone shares the sessions that can be resumed.
        let mut config = self.tls.clone();
        config.alpn_protocols = protocols;
        let name = ServerName::IpAddress(IpAddr::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST)));
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        let io = TokioIo::new(stream);
        Ok(if protocol.as_deref() == Some(H2) {
            let (sender, driver) = http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(4 * WINDOW)
                .handshake(io)
                .await?;
            Agreed { protocol, sender: Sender::Many(sender), driver: Box::pin(driver) }
        } else {
            let (sender, driver) = http1::handshake(io).await?;
            Agreed { protocol, sender: Sender::One(Mutex::new(sender)), driver: Box::pin(driver) }
        })
    }
}

/// A connection on which requests can be sent.
pub(crate) struct Agreed {
    /// The protocol that was agreed on; none if the other side knows of no choice.
    pub(crate) protocol: Option<Vec<u8>>,
    /// Sends requests.
    pub(crate) sender: Sender,
    /// Ends with the connection; without it, nothing moves.
    pub(crate) driver: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
}

/// Sends requests.
pub(crate) enum Sender {
    /// HTTP/1.1: one after the other.
    One(Mutex<http1::SendRequest<Incoming>>),
    /// HTTP/2: side by side.
    Many(http2::SendRequest<Incoming>),
}

impl Sender {
    /// Sends a request and gives the answer, whose body comes as it comes.
    pub(crate) async fn send(&self, request: Request<Incoming>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::One(sender) => {
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Many(sender) => {
                let mut sender = sender.clone();
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

/// What a server shows its clients.
pub(crate) struct Certificate(ServerConfig);

impl Certificate {
    /// Reads the server's certificate and key in the folder `dir`.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        let doing = |name: &str| format!("reading {}", dir.join(name).display());
        let chain = CertificateDer::from_pem_file(dir.join(pki::SERVER_CERTIFICATE))
            .with_context(|| doing(pki::SERVER_CERTIFICATE))?;
        let key = PrivateKeyDer::from_pem_file(dir.join(pki::SERVER_KEY))
            .with_context(|| doing(pki::SERVER_KEY))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)?;
        Ok(Self(config))
    }

    /// The certificate, for a server that speaks `protocol` alone.
    pub(crate) fn speaking(&self, protocol: Option<Vec<u8>>) -> Arc<ServerConfig> {
        let mut config = self.0.clone();
        config.alpn_protocols = protocol.into_iter().collect();
        Arc::new(config)
    }
}

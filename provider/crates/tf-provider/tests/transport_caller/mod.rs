//! Takes Terraform's place: starts the bare provider, shakes hands, calls it.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part, so an expectation would fail in some"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P521_SHA512,
    SignatureAlgorithm,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tf_provider::proto::plugin::grpc_controller_client::GrpcControllerClient;
use tf_provider::proto::tfplugin6::provider_client::ProviderClient;
use tf_provider::proto::tfplugin6::{DynamicValue, apply_resource_change, get_provider_schema};
use tf_provider::transport::handshake::MAGIC_COOKIE;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// Longer than anything here takes; shorter than a person's patience.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// The certificate and key of a caller.
pub(crate) struct Caller {
    pub(crate) pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Caller {
    /// As Terraform makes it: P-521, self-signed, an authority.
    pub(crate) fn like_terraform() -> Self {
        Self::with_key(&PKCS_ECDSA_P521_SHA512)
    }

    fn with_key(algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = params().self_signed(&key).unwrap();
        Self { pem: certificate.pem(), chain: vec![certificate.der().clone()], key }
    }

    /// Shows this caller's very certificate, and does not have its key.
    pub(crate) fn impostor(&self) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        Self { pem: self.pem.clone(), chain: self.chain.clone(), key }
    }

    /// Has a certificate of its own that this caller issued: it says that it is an authority.
    pub(crate) fn issued(&self) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let authority = params();
        let issuer = Issuer::from_params(&authority, &self.key);
        let certificate = params().signed_by(&key, &issuer).unwrap();
        let chain = [vec![certificate.der().clone()], self.chain.clone()].concat();
        Self { pem: certificate.pem(), chain, key }
    }
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// The path of the bare provider.
pub(crate) fn bare_provider() -> PathBuf {
    example("bare_provider")
}

/// The path of an example, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let path = deps.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: cargo build -p tf-provider --examples", path.display());
    path
}

/// `program` as Terraform would start it, for `caller` or without TLS.
pub(crate) fn as_terraform(program: &Path, caller: Option<&Caller>) -> Command {
    let mut command = Command::new(program);
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", MAGIC_COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env_remove("PLUGIN_CLIENT_CERT")
        .envs(caller.map(|caller| ("PLUGIN_CLIENT_CERT", &caller.pem)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A provider that has said where it is.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) socket: PathBuf,
    certificate: Option<CertificateDer<'static>>,
}

impl Drop for Started {
    /// A provider that is killed at the end of a test cannot clean up.
    fn drop(&mut self) {
        if self.socket.ends_with("s") {
            drop(std::fs::remove_dir_all(self.directory()));
        }
    }
}

/// Starts the bare provider for `caller`, or without TLS.
pub(crate) async fn start(caller: Option<&Caller>) -> Started {
    read_handshake(as_terraform(&bare_provider(), caller)).await
}

/// Starts `command` and reads the one line.
pub(crate) async fn read_handshake(mut command: Command) -> Started {
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    tokio::time::timeout(LONG, stdout.read_line(&mut line)).await.unwrap().unwrap();
    let fields: Vec<&str> = line.trim_end().split('|').collect();
    assert_eq!((&fields[..3], fields[4], fields.len()), (&["1", "6", "unix"][..], "grpc", 6), "{line}");
    let certificate = (!fields[5].is_empty()).then(|| STANDARD_NO_PAD.decode(fields[5]).unwrap().into());
    Started { child, stdout, socket: PathBuf::from(fields[3]), certificate }
}

impl Started {
    /// Connects as `caller`; as nobody if there is none and the provider wants TLS.
    pub(crate) fn channel(&self, caller: Option<&Caller>) -> Channel {
        let tls = self.certificate.as_ref().map(|server| tls(server, caller));
        channel(self.socket.clone(), tls)
    }

    /// Connects without TLS from now on, whatever the provider wants.
    pub(crate) fn forget_certificate(&mut self) {
        self.certificate = None;
    }

    pub(crate) fn provider(&self, caller: Option<&Caller>) -> ProviderClient<Channel> {
        provider(self.channel(caller))
    }

    /// The exit code, once the process has ended.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        tokio::time::timeout(LONG, self.child.wait()).await.unwrap().unwrap().code()
    }

    /// The directory of the socket.
    pub(crate) fn directory(&self) -> PathBuf {
        self.socket.parent().unwrap().to_owned()
    }
}

/// A connection without TLS.
pub(crate) fn plain_channel(socket: PathBuf) -> Channel {
    channel(socket, None)
}

/// A connection that is made when first used.
fn channel(socket: PathBuf, tls: Option<TlsConnector>) -> Channel {
    let connect = tower::service_fn(move |_| {
        let (socket, tls) = (socket.clone(), tls.clone());
        async move {
            let stream = UnixStream::connect(socket).await?;
            let Some(tls) = tls else { return Ok(TokioIo::new(Either::Plain(stream))) };
            let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await?;
            std::io::Result::Ok(TokioIo::new(Either::Sealed(Box::new(stream))))
        }
    });
    Endpoint::from_static("http://localhost").connect_with_connector_lazy(connect)
}

pub(crate) fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel).max_decoding_message_size(usize::MAX).max_encoding_message_size(usize::MAX)
}

pub(crate) fn controller(channel: Channel) -> GrpcControllerClient<Channel> {
    GrpcControllerClient::new(channel)
}

/// A request to make the thing of type `kind`.
pub(crate) fn make(kind: &str, config: &str) -> apply_resource_change::Request {
    let config = DynamicValue { msgpack: config.as_bytes().to_vec(), json: Vec::new() };
    apply_resource_change::Request {
        type_name: kind.to_owned(),
        planned_state: Some(config.clone()),
        config: Some(config),
        ..apply_resource_change::Request::default()
    }
}

/// Starts to make a thing over `channel` and returns when the provider is surely at it.
pub(crate) async fn begin(
    channel: &Channel,
    kind: &str,
    config: &str,
) -> JoinHandle<Result<apply_resource_change::Response, Status>> {
    let mut client = provider(channel.clone());
    let request = make(kind, config);
    let making =
        tokio::spawn(
            async move { client.apply_resource_change(request).await.map(tonic::Response::into_inner) },
        );
    // Calls on one connection are taken up in the order they were sent.
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    making
}

pub(crate) fn summaries(response: &apply_resource_change::Response) -> Vec<&str> {
    response.diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect()
}

/// Waits until `holds`, or fails.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let looked = tokio::time::timeout(LONG, async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while !holds() {
            looks.tick().await;
        }
    });
    assert!(looked.await.is_ok(), "{what} did not come true");
}

pub(crate) fn tls(server: &CertificateDer<'static>, caller: Option<&Caller>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let keys = provider.key_provider;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = match caller {
        Some(caller) => {
            let key = PrivatePkcs8KeyDer::from(caller.key.serialize_der()).into();
            // Unchecked: an impostor's key is not that of its certificate.
            let key = keys.load_private_key(key).unwrap();
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
                caller.chain.clone(),
                key,
            ))))
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// A connection as `caller`, which speaks no HTTP yet.
pub(crate) async fn tls_stream(started: &Started, caller: &Caller) -> TlsStream<UnixStream> {
    let connector = tls(started.certificate.as_ref().unwrap(), Some(caller));
    let stream = UnixStream::connect(&started.socket).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

/// Connects by hand and returns what the server makes of `caller`: its alert, or nothing.
pub(crate) async fn verdict(started: &Started, caller: Option<&Caller>) -> Option<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let connector = tls(started.certificate.as_ref().unwrap(), caller);
    let stream = UnixStream::connect(&started.socket).await.unwrap();
    let connected = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await;
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(cause) => return Some(cause.to_string()),
    };
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    drop(stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await);
    drop(stream.flush().await);
    stream.read_u8().await.err().map(|cause| cause.to_string())
}

mod either {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio::net::UnixStream;
    use tokio_rustls::client::TlsStream;

    pub(crate) enum Either {
        Plain(UnixStream),
        Sealed(Box<TlsStream<UnixStream>>),
    }

    macro_rules! either {
        ($self:ident, $stream:ident => $call:expr) => {
            match &mut *$self {
                Either::Plain($stream) => {
                    let $stream = Pin::new($stream);
                    $call
                }
                Either::Sealed($stream) => {
                    let $stream = Pin::new($stream);
                    $call
                }
            }
        };
    }

    impl AsyncRead for Either {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_read(context, buffer))
        }
    }

    impl AsyncWrite for Either {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            either!(self, stream => stream.poll_write(context, bytes))
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_flush(context))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_shutdown(context))
        }
    }
}
pub(crate) use either::Either;

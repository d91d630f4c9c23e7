//! Takes Terraform's place for one start of the provider: handshake, mutual TLS, `GetProviderSchema`.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};

use crate::bench::grpc;

/// The certificate of a caller, as Terraform makes it: P-521, self-signed, an authority.
pub(crate) struct Caller {
    pem: String,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

/// What one start took.
pub(crate) struct Start {
    /// From the start of the process to its handshake line.
    pub(crate) handshake: Duration,
    /// From the start of the process to the whole answer to `GetProviderSchema`.
    pub(crate) schema: Duration,
    /// Resident memory then, in KiB.
    pub(crate) resident_kib: u64,
}

/// A process that ends with us.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Caller {
    /// Makes the certificate.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned()]).context("making a certificate")?;
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).context("making a key")?;
        let certificate = params.self_signed(&key).context("making a certificate")?;
        Ok(Self { pem: certificate.pem(), certificate: certificate.der().clone(), key })
    }

    /// Starts `provider`, asks it for its schemas, and ends it. `sockets` is a folder for its socket.
    pub(crate) fn start(&self, provider: &Path, sockets: &Path) -> anyhow::Result<Start> {
        let mut command = Command::new(provider);
        command
            .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_CLIENT_CERT", &self.pem)
            .env("PLUGIN_UNIX_SOCKET_DIR", sockets)
            .env_remove("TF_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = Ended(command.spawn().context("starting the provider")?);
        let output = child.0.stdout.take().context("reading the handshake")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("reading the handshake")?;
        let handshake = begun.elapsed();
        let fields: Vec<&str> = line.trim_end().split('|').collect();
        ensure!(fields.len() >= 6, "not a handshake: {line}");
        let certificate = STANDARD_NO_PAD.decode(fields[5]).context("reading the provider's certificate")?;
        let stream = UnixStream::connect(fields[3]).context("connecting to the provider")?;
        let tls = ClientConnection::new(
            Arc::new(self.tls(certificate.into())?),
            ServerName::try_from("localhost")?,
        )?;
        grpc::call(&mut StreamOwned::new(tls, stream), "/tfplugin6.Provider/GetProviderSchema")?;
        let schema = begun.elapsed();
        Ok(Start { handshake, schema, resident_kib: resident_kib(child.0.id())? })
    }

    fn tls(&self, provider: CertificateDer<'static>) -> anyhow::Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(provider).context("trusting the provider's certificate")?;
        let stack = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der()).into();
        let mut config = ClientConfig::builder_with_provider(stack)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![self.certificate.clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn resident_kib(process: u32) -> anyhow::Result<u64> {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).context("reading resident memory")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .context("reading resident memory")
}

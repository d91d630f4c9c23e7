//! Who may call: the one client whose certificate came with the process's birth, and nobody else.
//!
//! A provider process holds credentials. Without this check any local process that finds the socket could use them.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};
use tokio_rustls::TlsAcceptor;

/// The one protocol spoken inside.
const HTTP_2: &[u8] = b"h2";

/// Mutual TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `PLUGIN_CLIENT_CERT` is no certificate.
    #[error("reading the caller's certificate from `PLUGIN_CLIENT_CERT`")]
    ClientCertificate(#[source] rustls::pki_types::pem::Error),
    /// Our key or certificate could not be made.
    #[error("making a certificate for this process")]
    OwnCertificate(#[source] rcgen::Error),
    /// The TLS library refuses what we made.
    #[error("setting up TLS")]
    Config(#[source] Error),
}

/// This process's end of mutual TLS.
pub(crate) struct Identity {
    /// Ours, new for every process; goes into the handshake line.
    pub(crate) certificate: CertificateDer<'static>,
    /// Lets in the pinned client only.
    pub(crate) acceptor: TlsAcceptor,
}

impl Identity {
    /// Makes a key and certificate for this process, and pins the client to `client_pem`.
    pub(crate) fn new(client_pem: &str) -> Result<Self, TlsError> {
        let pinned =
            CertificateDer::from_pem_slice(client_pem.as_bytes()).map_err(TlsError::ClientCertificate)?;
        let (certificate, key) = own_certificate().map_err(TlsError::OwnCertificate)?;
        // aws-lc-rs by name: Terraform's certificate has a P-521 key, which ring cannot verify.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Pinned { certificate: pinned, provider: Arc::clone(&provider) });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Config)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(TlsError::Config)?;
        config.alpn_protocols = vec![HTTP_2.to_vec()];
        // Every connection proves itself anew.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    // The caller connects to the name `localhost`, whatever the address.
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

/// Accepts exactly one certificate, byte for byte, whose key signed the TLS handshake.
///
/// Terraform's certificate is self-signed and says that it is an authority, which the usual verifier refuses.
/// Comparing the whole certificate is stricter than any path building.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if end_entity.as_ref() == self.certificate.as_ref() {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

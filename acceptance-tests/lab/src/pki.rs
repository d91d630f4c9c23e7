//! One certificate authority, one server certificate and one token per cluster.
//!
//! Nothing is shared between clusters, so that a mixed-up kubeconfig does not work.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::files::{private_dir, write_private};
use crate::machines::network::Network;

/// The certificate authority, PEM.
pub(crate) const CA_CERTIFICATE: &str = "ca.crt";
/// The server's certificate, PEM.
pub(crate) const SERVER_CERTIFICATE: &str = "server.crt";
/// The server's key, PEM.
pub(crate) const SERVER_KEY: &str = "server.key";
/// The key that service account tokens are signed with, PEM.
pub(crate) const SERVICE_ACCOUNT_KEY: &str = "service-account.key";
/// The key that service account tokens are checked with, PEM. kube-apiserver does not take it from the other one.
pub(crate) const SERVICE_ACCOUNT_PUBLIC_KEY: &str = "service-account.pub";
/// The administrator's token, in the form that kube-apiserver reads. Written last.
pub(crate) const TOKENS: &str = "tokens.csv";

/// Makes what a cluster needs in `dir`, unless it is there.
///
/// # Errors
///
/// A file cannot be written, or the cryptographic library refuses.
pub(crate) fn ensure(dir: &Path, cluster: &str) -> anyhow::Result<()> {
    if dir.join(TOKENS).exists() {
        return Ok(());
    }
    private_dir(dir)?;
    generate(dir, cluster).with_context(|| format!("making the certificates of {cluster}"))
}

fn generate(dir: &Path, cluster: &str) -> anyhow::Result<()> {
    let mut authority = parameters(&format!("lab {cluster}"), Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(str::to_owned);
    // Pods on machines come over the lab's bridge, and which network that is may be known only later.
    let bridges = (0..=u8::MAX).map(|index| Network::new(index, "").gateway().to_string());
    let names = names.into_iter().chain(bridges).collect();
    let mut server = parameters(cluster, names)?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    write_private(&dir.join(CA_CERTIFICATE), authority_certificate.pem())?;
    write_private(&dir.join(SERVER_CERTIFICATE), server_certificate.pem())?;
    write_private(&dir.join(SERVER_KEY), server_key.serialize_pem())?;
    let service_accounts = KeyPair::generate()?;
    write_private(&dir.join(SERVICE_ACCOUNT_KEY), service_accounts.serialize_pem())?;
    write_private(&dir.join(SERVICE_ACCOUNT_PUBLIC_KEY), service_accounts.public_key_pem())?;
    write_private(&dir.join(TOKENS), format!("{},admin,admin,system:masters\n", new_token()))
}

/// The dates are fixed: a lab lives for hours, and no clock is read.
fn parameters(name: &str, alternatives: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut parameters = CertificateParams::new(alternatives)?;
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2120, 1, 1);
    Ok(parameters)
}

/// Makes a token nobody can guess: 244 random bits.
fn new_token() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// Reads the administrator's token of a cluster.
pub(crate) fn token(dir: &Path) -> anyhow::Result<String> {
    let file = dir.join(TOKENS);
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let (token, _) = text.split_once(',').with_context(|| format!("reading {}: no token", file.display()))?;
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_share_neither_token_nor_authority_and_a_second_call_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        ensure(&one, "one").unwrap();
        ensure(&two, "two").unwrap();
        let before = token(&one).unwrap();
        assert_ne!(before, token(&two).unwrap());
        let authority = |dir: &Path| fs::read_to_string(dir.join(CA_CERTIFICATE)).unwrap();
        assert_ne!(authority(&one), authority(&two));
        ensure(&one, "one").unwrap();
        assert_eq!(before, token(&one).unwrap());
    }
}

//! Clusters behind `ssh:` references, on an API server that speaks TLS and machines that hold its admin kubeconfig.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use domain::cluster_ref::ClusterRef;
use engines::clusters::{Cluster, Clusters as _};
use engines::credentials::{Identity, Proof, Wish};
use engines::error::{EngineError, Kind};
use engines::secret::ExposeSecret as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use testkit::fake_machines::FakeMachines;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::connect::{KubeClusters, Patience};
use crate::double::limits;

/// Somebody who signs, and whom to trust for it.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// An admin kubeconfig as kubeadm writes it, for a server whose name nobody else knows.
    fn admin_conf(&self, port: u16) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().signed_by(&key, &self.0).unwrap();
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
             contexts: [{{name: a, context: {{cluster: factory, user: admin}}}}]\n\
             clusters: [{{name: factory, cluster: {{server: 'https://api.factory.internal:{port}', \
             certificate-authority-data: {}}}}}]\n\
             users: [{{name: admin, user: {{client-certificate-data: {}, client-key-data: {}}}}}]\n",
            encode(&self.0.pem()),
            encode(&certificate.pem()),
            encode(&key.serialize_pem()),
        )
    }

    /// An API server that proves `name`, says who it is, and ends every connection after one answer.
    async fn serve(&self, name: &str) -> (SocketAddr, Arc<AtomicUsize>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let acceptor = acceptor.clone();
                tokio::spawn(async move { answer(acceptor, stream).await });
            }
        });
        (at, accepted)
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream) -> Option<()> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(stream.read_u8().await.ok()?);
    }
    let body = if asked.starts_with(b"GET /version ") {
        r#"{"gitVersion":"v1.34.4"}"#
    } else {
        r#"{"metadata":{"name":"kube-system","uid":"uid-1"}}"#
    };
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

async fn connect(machines: &FakeMachines, reference: &str) -> Result<Arc<dyn Cluster>, EngineError> {
    let patience = Patience { connect: Duration::from_secs(5), request: Duration::from_secs(5) };
    let clusters = KubeClusters::with_patience(patience).with_machines(Arc::new(machines.clone()));
    clusters.connect(&ClusterRef::parse(reference).unwrap(), &limits()).await
}

/// How many tunnels were opened through a machine.
fn opened(machines: &FakeMachines, at: &str) -> usize {
    machines.calls().iter().filter(|call| call.method == "open" && call.machine == at).count()
}

fn holds(machines: &FakeMachines, at: &str, admin_conf: &str) {
    machines.add(at);
    machines.hold(at, "/etc/kubernetes/admin.conf", admin_conf);
}

/// A port at which nobody listens.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_cluster_is_asked_at_its_machines_address_and_not_by_the_name_that_its_machines_have_for_it() {
    let authority = Authority::new();
    let (at, _) = authority.serve("127.0.0.1").await;
    let machines = FakeMachines::default();
    holds(&machines, "127.0.0.1:22", &authority.admin_conf(at.port()));
    let cluster = connect(&machines, "ssh://site?user=admin&cp=127.0.0.1").await.unwrap();
    assert_eq!(cluster.facts().uid.as_str(), "uid-1");
    let endpoint = format!("https://127.0.0.1:{}", at.port());
    assert_eq!(cluster.facts().endpoint, endpoint);
    assert_eq!(opened(&machines, "127.0.0.1:22"), 0);

    // Others are told the same, and whom to trust.
    let wish = Wish { identity: Identity::Own, lifetime: Duration::from_hours(1) };
    let lent = cluster.lender().credentials(&wish, &limits()).await.unwrap();
    assert_eq!(
        (lent.endpoint.as_str(), lent.server_name, lent.is_unchecked),
        (endpoint.as_str(), None, false)
    );
    assert!(lent.certificate_authority.unwrap().contains("BEGIN CERTIFICATE"));
    assert!(matches!(lent.proof, Proof::Certificate { .. }));
    assert!(lent.kubeconfig.expose_secret().contains(&endpoint));
    assert!(!lent.kubeconfig.expose_secret().contains("factory.internal"));
}

#[tokio::test]
async fn a_cluster_that_is_not_reached_directly_is_reached_through_its_machine_every_time_anew() {
    let authority = Authority::new();
    let (at, accepted) = authority.serve("127.0.0.1").await;
    let (machines, port) = (FakeMachines::default(), free_port());
    holds(&machines, "127.0.0.1:22", &authority.admin_conf(port));
    let refused = connect(&machines, "ssh://site?user=admin&cp=127.0.0.1").await.err().unwrap();
    assert_eq!(refused.kind, Kind::Unreachable);
    let words = refused.chain();
    assert!(words.contains(&format!("127.0.0.1:{port} directly: ")) && words.contains("tunnel"), "{words}");

    machines.lead("127.0.0.1:22", &format!("127.0.0.1:{port}"), at);
    let cluster = connect(&machines, "ssh://site?user=admin&cp=127.0.0.1").await.unwrap();
    // Whoever is told the endpoint finds a way of their own.
    assert_eq!(cluster.facts().endpoint, format!("https://127.0.0.1:{port}"));
    let before = opened(&machines, "127.0.0.1:22");
    // The server has ended every connection. Directly somebody would answer now, who says nothing.
    let _direct = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    assert_eq!(cluster.bootstrap().noted("kube-system", &limits()).await.unwrap(), None);
    assert!(opened(&machines, "127.0.0.1:22") > before);
    assert!(accepted.load(Ordering::Relaxed) >= 3);
}

#[tokio::test]
async fn whoever_else_answers_directly_is_not_trusted_and_the_way_through_the_machine_is_taken() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (at, _) = authority.serve("127.0.0.1").await;
    let (elsewhere, _) = other.serve("127.0.0.1").await;
    let machines = FakeMachines::default();
    holds(&machines, "127.0.0.1:22", &authority.admin_conf(elsewhere.port()));
    machines.lead("127.0.0.1:22", &format!("127.0.0.1:{}", elsewhere.port()), at);
    let cluster = connect(&machines, "ssh://site?user=admin&cp=127.0.0.1").await.unwrap();
    assert_eq!(cluster.facts().uid.as_str(), "uid-1");

    // The name is checked on that way too.
    let (unnamed, _) = authority.serve("api.factory.internal").await;
    machines.lead("127.0.0.1:22", &format!("127.0.0.1:{}", elsewhere.port()), unnamed);
    let error = connect(&machines, "ssh://site?user=admin&cp=127.0.0.1").await.err().unwrap();
    assert_eq!(error.kind, Kind::Untrusted, "{}", error.chain());
}

#[tokio::test]
async fn the_next_machine_is_asked_where_the_first_does_not_answer_or_its_api_server_does_not() {
    let authority = Authority::new();
    let (at, _) = authority.serve("127.0.0.2").await;
    let machines = FakeMachines::default();
    holds(&machines, "127.0.0.2:22", &authority.admin_conf(at.port()));
    machines.lead("127.0.0.2:22", &format!("127.0.0.1:{}", at.port()), at);
    let reference = "ssh://site?user=admin&cp=127.0.0.1&cp=127.0.0.2";
    let endpoint = format!("https://127.0.0.2:{}", at.port());
    assert_eq!(connect(&machines, reference).await.unwrap().facts().endpoint, endpoint);

    holds(&machines, "127.0.0.1:22", &authority.admin_conf(free_port()));
    assert_eq!(connect(&machines, reference).await.unwrap().facts().endpoint, endpoint);
}

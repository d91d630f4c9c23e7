//! Credentials for other programs: what the ephemeral resource and its twin, the data source, have alike.

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::checks;

model! {
    /// What is asked for, and what is given.
    pub struct CredentialsModel {
        /// Reference of the cluster; of any type, so that a fleet in its place gets a message of ours.
        cluster: Raw,
        /// Whose token is minted.
        service_account: ServiceAccountModel,
        /// How long a minted token lives.
        lifetime: String,
        /// URL of the API server.
        host: String,
        /// Whom to trust.
        cluster_ca_certificate: String,
        /// Whether the certificate is not checked.
        insecure: bool,
        /// The name that the certificate is checked for.
        tls_server_name: String,
        /// The proxy to the API server.
        proxy_url: String,
        /// The bearer token.
        token: String,
        /// The client certificate.
        client_certificate: String,
        /// Its key.
        client_key: String,
        /// When they end.
        expires_at: String,
        /// All of it as a kubeconfig.
        kubeconfig: String,
    }
}

model! {
    /// A service account.
    pub struct ServiceAccountModel {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    }
}

/// How long a minted token lives where the user says nothing.
pub const DEFAULT_LIFETIME: &str = "1h";

/// The attributes of both.
pub(crate) fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new(
            "cluster",
            Type::Dynamic,
            "The cluster's reference, such as `kurator_attached_cluster.NAME.ref`. A fleet has no credentials of its own: \
             take one of its clusters.",
        )
        .required(),
        Attribute::object(
            "service_account",
            vec![
                Attribute::string("namespace", "Its namespace.").required().checked(checks::name),
                Attribute::string("name", "Its name.").required().checked(checks::subdomain),
            ],
            "A service account that exists in the cluster: a token of it is minted (`TokenRequest`), which needs the right \
             to `create` `serviceaccounts/token`. Default: the identity in the cluster's own kubeconfig is passed on, \
             with all its rights.",
        ),
        Attribute::string(
            "lifetime",
            "How long a minted token lives, at least `10m`; the cluster may give less. A token cannot be renewed, so let \
             it outlive the longest run. What is passed on from a kubeconfig lives as long as it does. Default `1h`.",
        )
        .defaults_to(Raw::string(DEFAULT_LIFETIME))
        .checked(checks::token_lifetime),
        Attribute::string("host", "URL of the API server.").computed(),
        Attribute::string(
            "cluster_ca_certificate",
            "PEM of the authority that signed the API server's certificate; null means the system's authorities.",
        )
        .computed(),
        Attribute::bool(
            "insecure",
            "Whether the kubeconfig asks not to check the API server's certificate.",
        )
        .computed(),
        Attribute::string(
            "tls_server_name",
            "The name that the API server's certificate is checked for; null means the one in `host`.",
        )
        .computed(),
        Attribute::string("proxy_url", "The proxy that the kubeconfig names; null for none.").computed().sensitive(),
        Attribute::string("token", "The bearer token; null where the kubeconfig has nothing but a client certificate.")
            .computed()
            .sensitive(),
        Attribute::string(
            "client_certificate",
            "PEM of the client certificate. Null unless the kubeconfig has neither a token nor an exec plugin that gives \
             one. It lives as long as its issuer said, often a year: set `service_account` for something shorter.",
        )
        .computed(),
        Attribute::string("client_key", "PEM of the client certificate's private key; null where that is.")
            .computed()
            .sensitive(),
        Attribute::string(
            "expires_at",
            "When the token or the client certificate ends, as in `2026-11-21T13:00:00Z`; null if it never does or does \
             not say.",
        )
        .computed(),
        Attribute::string(
            "kubeconfig",
            "All of this as a kubeconfig that needs no file beside it, for programs that want one.",
        )
        .computed()
        .sensitive(),
    ]
}

//! Credentials for other programs: what the ephemeral resource and the data source do alike.

use std::time::Duration;

use domain::cluster_ref::ClusterRef;
use domain::duration;
use engines::credentials::{Credentials, Identity, Proof, Wish};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::secret::ExposeSecret as _;
use schemas::credentials::{CredentialsModel, DEFAULT_LIFETIME};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::value::Value;
use tokio_util::sync::CancellationToken;

use crate::context::Handle;
use crate::report;

/// How long opening or reading may take: as long as a refresh of a resource.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why there are no credentials.
pub(crate) struct Trouble {
    /// For the user.
    pub(crate) diagnostic: Diagnostic,
    /// Whether the cluster could not be spoken to, so that later it may work.
    pub(crate) is_out_of_reach: bool,
}

/// Checks the reference, as far as it is known.
pub(crate) fn validate(config: &CredentialsModel) -> Diagnostics {
    reference(&config.cluster).err().into_iter().collect()
}

/// The cluster's reference; none while it is unknown.
fn reference(value: &Value<Raw>) -> Result<Option<ClusterRef>, Diagnostic> {
    let Some(raw) = value.known() else { return Ok(None) };
    match unwrapped(raw) {
        Raw::Unknown(_) => Ok(None),
        Raw::String(text) => ClusterRef::parse(text)
            .map(Some)
            .map_err(|problem| refused(&format!("`{text}` is given: {problem}."))),
        Raw::Map(entries) if entries.contains_key("ref") && entries.contains_key("members") => {
            Err(refused("A fleet's target is given."))
        }
        Raw::Map(entries) if entries.contains_key("ref") => Err(refused("A whole object is given.")),
        _ => Err(refused("What is given is not a string.")),
    }
}

fn unwrapped(raw: &Raw) -> &Raw {
    match raw {
        Raw::Dynamic(typed) => unwrapped(&typed.1),
        other => other,
    }
}

fn refused(saw: &str) -> Diagnostic {
    Diagnostic::error(
        "A cluster's reference belongs here",
        format!(
            "{saw}\n\nPass the `ref` of one cluster, such as `kurator_attached_cluster.NAME.ref`; of a fleet's member it \
             is `kurator_fleet.NAME.target.members[\"MEMBER\"].ref`."
        ),
    )
    .at(Path::to("cluster"))
}

/// Gives the credentials that `config`, which is wholly known, asks for.
///
/// # Errors
///
/// [`Trouble`].
pub(crate) async fn fetch(
    handle: &Handle,
    config: CredentialsModel,
    cancel: &CancellationToken,
) -> Result<CredentialsModel, Trouble> {
    let of_config = |diagnostic| Trouble { diagnostic, is_out_of_reach: false };
    let reference = reference(&config.cluster).map_err(of_config)?;
    let Some(reference) = reference else { return Err(of_config(refused("It is null."))) };
    let called = reference.place.called().to_owned();
    let limits = Limits::within(PATIENCE, cancel.clone());
    let trouble = |error: &EngineError, attribute, is_out_of_reach| Trouble {
        diagnostic: report::trouble(error, &called, Path::to(attribute)),
        is_out_of_reach,
    };
    let cluster = handle
        .get()
        .clusters
        .connect(&reference, &limits)
        .await
        .map_err(|error| trouble(&error, "cluster", error.kind.is_out_of_reach()))?;
    let wish = wish(&config);
    let given = cluster.lender().credentials(&wish, &limits).await.map_err(|error| {
        // A cluster that answers and refuses is within reach.
        let is_out_of_reach =
            error.kind.is_out_of_reach() && !matches!(error.kind, Kind::Denied | Kind::Credentials(_));
        let attribute = if wish.identity == Identity::Own { "cluster" } else { "service_account" };
        trouble(&error, attribute, is_out_of_reach)
    })?;
    Ok(filled(config, given))
}

fn wish(config: &CredentialsModel) -> Wish {
    let identity = match config.service_account.known() {
        Some(account) => Identity::ServiceAccount {
            namespace: account.namespace.known().cloned().unwrap_or_default(),
            name: account.name.known().cloned().unwrap_or_default(),
        },
        None => Identity::Own,
    };
    // The schema has checked the text.
    let lifetime = config.lifetime.known().map_or(DEFAULT_LIFETIME, String::as_str);
    Wish { identity, lifetime: duration::parse(lifetime).unwrap_or(Duration::from_hours(1)) }
}

fn filled(config: CredentialsModel, given: Credentials) -> CredentialsModel {
    let (token, certificate, key) = match &given.proof {
        Proof::Token(token) => (Some(token.expose_secret().to_owned()), None, None),
        Proof::Certificate { certificate, key } => {
            (None, Some(certificate.clone()), Some(key.expose_secret().to_owned()))
        }
        Proof::Nothing => (None, None, None),
    };
    CredentialsModel {
        host: Value::Known(given.endpoint),
        cluster_ca_certificate: given.certificate_authority.into(),
        insecure: Value::Known(given.is_unchecked),
        tls_server_name: given.server_name.into(),
        proxy_url: given.proxy.map(|proxy| proxy.expose_secret().to_owned()).into(),
        token: token.into(),
        client_certificate: certificate.into(),
        client_key: key.into(),
        expires_at: given.expires.map(|expires| expires.to_string()).into(),
        kubeconfig: Value::Known(given.kubeconfig.expose_secret().to_owned()),
        ..config
    }
}

/// The same question with every answer null.
pub(crate) fn without_answers(config: CredentialsModel) -> CredentialsModel {
    CredentialsModel {
        cluster: config.cluster,
        service_account: config.service_account,
        lifetime: config.lifetime,
        ..CredentialsModel::default()
    }
}

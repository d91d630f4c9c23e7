//! From a place to credentials: the only reader of files and of the environment in this crate.
//!
//! There is no fallback: no default kubeconfig, no localhost, no in-cluster account.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use domain::cluster_ref::Place;
use domain::machine_address::HostPort;
use engines::error::{CredentialProblem, EngineError, Kind};
use engines::secret::{ExposeSecret as _, SecretString};
use futures::FutureExt as _;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{AuthInfo, Cluster, ExecInteractiveMode, KubeConfigOptions, Kubeconfig};

use crate::errors::{judge_kubeconfig, said};
use crate::own_credentials::Own;
use crate::proxy;

const DOING: &str = "reading the kubeconfig";

/// What a kubeconfig says of one cluster and of us there.
pub(crate) struct Credentials {
    /// Ready for a client.
    pub(crate) config: Config,
    /// URL of the API server, as written.
    pub(crate) endpoint: String,
    /// PEM of whom to trust; none means the system's authorities.
    pub(crate) certificate_authority: Option<String>,
    /// Whether the certificate is not checked at all.
    pub(crate) is_unchecked: bool,
    /// Who we are there.
    pub(crate) own: Own,
}

/// A kubeconfig that came from a machine.
#[derive(Clone)]
pub(crate) struct Fetched {
    pub(crate) text: SecretString,
    /// The machine, as it is reached from here. The API server that runs there is asked, whatever name the kubeconfig has
    /// for it: that is one that only the cluster's own machines know.
    pub(crate) host: String,
}

/// What stands at a place.
struct Found {
    text: String,
    /// The folder that relative paths inside start from; none means the working directory.
    folder: Option<PathBuf>,
    context: Option<String>,
}

/// The place as messages name it.
pub(crate) fn describe(place: &Place) -> String {
    match place {
        Place::File { path, context } => match context {
            Some(context) => format!("`{path}`, context `{context}`"),
            None => format!("`{path}`"),
        },
        Place::Env { name, context } => match context {
            Some(context) => format!("the environment variable {name}, context `{context}`"),
            None => format!("the environment variable {name}"),
        },
        Place::Ssh(place) => {
            let mut machines = place.machines().map(|machine| machine.to_string());
            let first = machines.next().unwrap_or_default();
            match machines.count() {
                0 => format!("the admin kubeconfig on {first}"),
                more => format!("the admin kubeconfig on {first} or {more} more"),
            }
        }
    }
}

/// Reads the credentials at `place`. Blocks on files, so it belongs on a thread that may. `fetched` is the kubeconfig
/// of a place that is reached by network.
///
/// # Errors
///
/// [`Kind::Credentials`] with what is wrong with them. Nothing of what the kubeconfig holds is in the message but
/// names and paths.
pub(crate) fn load(place: &Place, fetched: Option<&Fetched>) -> Result<Credentials, EngineError> {
    let target = describe(place);
    let problem = |problem: CredentialProblem, text: String| {
        said(DOING, target.as_str(), Kind::Credentials(problem), text)
    };
    let found = read(place, fetched).map_err(|text| problem(CredentialProblem::Missing, text))?;
    let mut kubeconfig = parse(&found.text).map_err(|text| problem(CredentialProblem::Malformed, text))?;
    if let Some(fetched) = fetched {
        forbid_reaching_out(&kubeconfig).map_err(|text| problem(CredentialProblem::Malformed, text))?;
        ask_machine(&mut kubeconfig, &fetched.host);
    }
    if let Some(folder) = &found.folder {
        anchor(&mut kubeconfig, folder);
    }
    let (context, server_and_trust) =
        choose(&kubeconfig, found.context.as_deref()).map_err(|(kind, text)| problem(kind, text))?;
    let cluster = server_and_trust.clone();
    forbid_questions(&mut kubeconfig, &context)
        .map_err(|text| problem(CredentialProblem::Incomplete, text))?;

    let options = KubeConfigOptions { context: Some(context), cluster: None, user: None };
    let Some(config) = Config::from_custom_kubeconfig(kubeconfig, &options).now_or_never() else {
        unreachable!("kube's function is async for history's sake and awaits nothing");
    };
    let mut config = config.map_err(|error| {
        let (kind, text) = judge_kubeconfig(&error);
        said(DOING, target.as_str(), kind, text)
    })?;
    if cluster.proxy_url.as_deref().unwrap_or_default().is_empty() {
        config.proxy_url = proxy::from_environment(&Matcher::from_env(), &config.cluster_url);
    }
    check_server(&config.cluster_url).map_err(|text| problem(CredentialProblem::Malformed, text))?;
    Ok(Credentials {
        endpoint: cluster.server.unwrap_or_default(),
        certificate_authority: config.root_cert.as_deref().map(pem),
        is_unchecked: config.accept_invalid_certs,
        own: Own {
            called: place.called().to_owned(),
            target,
            user: config.auth_info.clone(),
            server_name: config.tls_server_name.clone(),
            proxy: cluster.proxy_url.filter(|proxy| !proxy.is_empty()).map(SecretString::from),
        },
        config,
    })
}

fn check_server(server: &Uri) -> Result<(), String> {
    match (server.scheme_str(), server.host()) {
        (Some("https" | "http"), Some(host)) if !host.is_empty() => Ok(()),
        _ => Err("its cluster's server is not an http or https URL".to_owned()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this file is the one place of this crate that reads the environment"
)]
fn read(place: &Place, fetched: Option<&Fetched>) -> Result<Found, String> {
    match place {
        Place::Ssh(_) => {
            let text = fetched.ok_or("it was not fetched")?.text.expose_secret().to_owned();
            Ok(Found { text, folder: None, context: None })
        }
        Place::File { path, context } => {
            let file = match path.strip_prefix("~/") {
                Some(rest) => {
                    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
                    PathBuf::from(home.ok_or("it begins with `~/`, and HOME is not set")?).join(rest)
                }
                None => PathBuf::from(path),
            };
            let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
            Ok(Found { text, folder: file.parent().map(Path::to_owned), context: context.clone() })
        }
        Place::Env { name, context } => {
            let text = std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => "it is not set".to_owned(),
                std::env::VarError::NotUnicode(_) => "it is not UTF-8".to_owned(),
            })?;
            Ok(Found { text, folder: None, context: context.clone() })
        }
    }
}

fn parse(text: &str) -> Result<Kubeconfig, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    // The parser's own message quotes the lines around the trouble, and those may hold a key.
    let config: Kubeconfig =
        Kubeconfig::from_yaml(text).map_err(|_| "it is not YAML of a kubeconfig's shape".to_owned())?;
    if config.clusters.is_empty() && config.contexts.is_empty() {
        return Err("it has no clusters and no contexts".to_owned());
    }
    Ok(config)
}

/// Makes the paths inside a kubeconfig start from the folder that holds it, as kubectl does.
fn anchor(kubeconfig: &mut Kubeconfig, folder: &Path) {
    let rebase = |path: &mut Option<String>| {
        if let Some(text) = path
            && Path::new(text).is_relative()
            && !text.is_empty()
            && let Some(joined) = folder.join(&*text).to_str()
        {
            joined.clone_into(text);
        }
    };
    for named in &mut kubeconfig.clusters {
        if let Some(cluster) = &mut named.cluster {
            rebase(&mut cluster.certificate_authority);
        }
    }
    for named in &mut kubeconfig.auth_infos {
        if let Some(user) = &mut named.auth_info {
            rebase(&mut user.client_certificate);
            rebase(&mut user.client_key);
            rebase(&mut user.token_file);
            if let Some(exec) = &mut user.exec
                && exec.command.as_deref().is_some_and(|command| command.contains('/'))
            {
                rebase(&mut exec.command);
            }
        }
    }
}

/// The context's name and its cluster.
fn choose<'a>(
    kubeconfig: &'a Kubeconfig,
    wanted: Option<&str>,
) -> Result<(String, &'a Cluster), (CredentialProblem, String)> {
    let names = || {
        let mut names: Vec<&str> = kubeconfig.contexts.iter().map(|named| named.name.as_str()).collect();
        names.sort_unstable();
        if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) }
    };
    let current = kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let Some(name) = wanted.or(current) else {
        let text = format!("it names no current context, and none was asked for; {}", names());
        return Err((CredentialProblem::NoContext, text));
    };
    let context = kubeconfig.contexts.iter().find(|named| named.name == name);
    let Some(context) = context.and_then(|named| named.context.as_ref()) else {
        return Err((CredentialProblem::NoContext, format!("it has no context `{name}`; {}", names())));
    };
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster);
    let Some(cluster) = cluster.and_then(|named| named.cluster.as_ref()) else {
        let text =
            format!("context `{name}` names the cluster `{}`, which it does not have", context.cluster);
        return Err((CredentialProblem::Malformed, text));
    };
    if let Some(user) = context.user.as_deref().filter(|user| !user.is_empty())
        && !kubeconfig.auth_infos.iter().any(|named| named.name == user)
    {
        let text = format!("context `{name}` names the user `{user}`, which it does not have");
        return Err((CredentialProblem::Malformed, text));
    }
    Ok((name.to_owned(), cluster))
}

/// Lets a kubeconfig that came from a machine neither run programs nor read files here: whoever has that machine would
/// have this one too.
fn forbid_reaching_out(kubeconfig: &Kubeconfig) -> Result<(), String> {
    let users = kubeconfig.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let clusters = kubeconfig.clusters.iter().filter_map(|named| named.cluster.as_ref());
    let reaches = users.clone().any(|user| {
        user.exec.is_some()
            || user.auth_provider.is_some()
            || [&user.token_file, &user.client_certificate, &user.client_key]
                .iter()
                .any(|file| file.is_some())
    });
    if reaches || clusters.clone().any(|cluster| cluster.certificate_authority.is_some()) {
        return Err("it names programs or files of its own machine, and those are not used here".to_owned());
    }
    Ok(())
}

/// Puts the machine's own address into the place of every server's name. What is no URL stays, and is refused later.
fn ask_machine(kubeconfig: &mut Kubeconfig, host: &str) {
    for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        let server: Option<Uri> = cluster.server.as_deref().and_then(|server| server.parse().ok());
        if let Some(server) = server
            && let Some(scheme) = server.scheme_str()
        {
            let port = server.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
            cluster.server = Some(format!("{scheme}://{}", HostPort::new(host, port)));
        }
    }
}

/// Lets no plugin ask questions: our standard streams belong to Terraform.
fn forbid_questions(kubeconfig: &mut Kubeconfig, context: &str) -> Result<(), String> {
    let user = kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == context)
        .and_then(|named| named.context.as_ref())
        .and_then(|context| context.user.clone());
    let user: Option<&mut AuthInfo> = kubeconfig
        .auth_infos
        .iter_mut()
        .find(|named| Some(&named.name) == user.as_ref())
        .and_then(|named| named.auth_info.as_mut());
    if let Some(exec) = user.and_then(|user| user.exec.as_mut()) {
        if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err("its exec plugin wants to ask questions, which Terraform cannot pass on".to_owned());
        }
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    Ok(())
}

/// Certificates as PEM.
fn pem(certificates: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = base64::engine::general_purpose::STANDARD.encode(certificate);
        for (at, letter) in encoded.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2";

    fn file(text: &str) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, text).unwrap();
        (folder, Place::File { path: path.to_str().unwrap().to_owned(), context: None })
    }

    fn with_context(place: Place, wanted: &str) -> Place {
        match place {
            Place::File { path, .. } => Place::File { path, context: Some(wanted.to_owned()) },
            other => other,
        }
    }

    fn kubeconfig(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: hub\n\
             clusters: [{{name: hub, cluster: {{{cluster}}}}}]\n\
             users: [{{name: admin, user: {{{user}}}}}]\n\
             contexts: [{{name: hub, context: {{cluster: hub, user: admin}}}}, {{name: edge, context: {{cluster: none}}}}]\n"
        )
    }

    fn fails(place: &Place) -> (Kind, String) {
        let Err(error) = load(place, None) else { panic!("it was taken") };
        let text = error.chain();
        assert!(!text.contains(SECRET) && !format!("{error:?}").contains(SECRET), "{text}");
        (error.kind, text)
    }

    #[test]
    fn a_kubeconfig_gives_endpoint_and_trust() {
        let (_folder, place) = file(&kubeconfig("server: 'https://127.0.0.1:1'", "token: hunter2"));
        let credentials = load(&place, None).unwrap();
        assert_eq!(credentials.endpoint, "https://127.0.0.1:1");
        assert_eq!(credentials.certificate_authority, None);
        assert_eq!(credentials.config.proxy_url, None);
    }

    #[test]
    fn what_is_wrong_with_a_kubeconfig_has_its_kind_and_tells_no_secret() {
        use CredentialProblem::{Incomplete, Malformed, Missing, NoContext};
        let good = "server: 'https://127.0.0.1:1'";
        let ca = "server: 'https://127.0.0.1:1', certificate-authority: ca.crt";
        let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: p, interactiveMode: Always}";
        let table = [
            ("", None, Malformed, "it is empty"),
            ("hunter2: [", None, Malformed, "it is not YAML"),
            ("just a hunter2", None, Malformed, "it is not YAML"),
            ("a: 1", None, Malformed, "no clusters"),
            (
                &kubeconfig(good, "token: hunter2"),
                Some("far"),
                NoContext,
                "no context `far`; it has edge, hub",
            ),
            (&kubeconfig(good, "token: hunter2"), Some("edge"), Malformed, "the cluster `none`"),
            (&kubeconfig("server: 'hunter2 x'", ""), None, Malformed, "not a URL"),
            (&kubeconfig("server: 'ftp://a'", ""), None, Malformed, "not an http or https URL"),
            (&kubeconfig("", "token: hunter2"), None, Malformed, "no server"),
            (&kubeconfig(ca, "token: hunter2"), None, Incomplete, "ca.crt"),
            (&kubeconfig(good, exec), None, Incomplete, "ask questions"),
        ];
        for (text, wanted, problem, words) in table {
            let (_folder, place) = file(text);
            let place = match wanted {
                Some(wanted) => with_context(place, wanted),
                None => place,
            };
            let (kind, said) = fails(&place);
            assert_eq!(kind, Kind::Credentials(problem), "{said}");
            assert!(said.contains(words), "{said}");
        }
        let absent = Place::File { path: "/nowhere/config".into(), context: None };
        assert_eq!(fails(&absent).0, Kind::Credentials(Missing));
        let unset = Place::Env { name: "KURATOR_TEST_THAT_IS_NEVER_SET".into(), context: None };
        assert_eq!(
            fails(&unset),
            (
                Kind::Credentials(Missing),
                "reading the kubeconfig the environment variable KURATOR_TEST_THAT_IS_NEVER_SET: it is not set".into()
            )
        );
    }

    #[test]
    fn paths_inside_start_from_the_files_folder() {
        let mut config =
            parse(&kubeconfig("certificate-authority: ca.crt", "tokenFile: /abs, client-key: k")).unwrap();
        anchor(&mut config, Path::new("/etc/k"));
        let user = config.auth_infos[0].auth_info.clone().unwrap();
        assert_eq!(
            config.clusters[0].cluster.clone().unwrap().certificate_authority.unwrap(),
            "/etc/k/ca.crt"
        );
        assert_eq!((user.token_file.unwrap(), user.client_key.unwrap()), ("/abs".into(), "/etc/k/k".into()));
    }

    #[test]
    fn a_kubeconfig_from_a_machine_may_not_use_programs_or_files_of_this_one() {
        let place = domain::cluster_ref::ClusterRef::parse("ssh://site?user=admin&cp=cp1").unwrap().place;
        let with = |cluster: &str, user: &str| {
            let text = format!(
                "{{current-context: a, contexts: [{{name: a, context: {{cluster: a, user: a}}}}], \
                 clusters: [{{name: a, cluster: {{server: 'https://a:1'{cluster}}}}}], \
                 users: [{{name: a, user: {{{user}}}}}]}}"
            );
            let fetched = Fetched { text: text.into(), host: "cp1".to_owned() };
            load(&place, Some(&fetched)).map(|credentials| credentials.endpoint)
        };
        assert_eq!(with("", "token: x").unwrap(), "https://cp1:1");
        for (cluster, user) in [
            ("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}"),
            ("", "tokenFile: /etc/passwd"),
            ("", "client-certificate: /c, client-key: /k"),
            (", certificate-authority: /ca", "token: x"),
        ] {
            let error = with(cluster, user).unwrap_err();
            assert_eq!(error.kind, Kind::Credentials(CredentialProblem::Malformed), "{}", error.chain());
            assert!(error.chain().contains("admin@cp1:22"), "{}", error.chain());
        }
    }

    #[test]
    fn the_machines_address_takes_the_place_of_every_servers_name() {
        for (server, host, wanted) in [
            ("https://api.factory.internal:6443", "10.77.0.11", "https://10.77.0.11:6443"),
            ("https://api.factory.internal", "cp1", "https://cp1:443"),
            ("https://[fd00::1]:6443", "fd00::11", "https://[fd00::11]:6443"),
            ("not a url", "cp1", "not a url"),
        ] {
            let mut config = parse(&kubeconfig(&format!("server: '{server}'"), "token: x")).unwrap();
            ask_machine(&mut config, host);
            let cluster = config.clusters[0].cluster.clone().unwrap();
            assert_eq!(cluster.server.as_deref(), Some(wanted));
        }
    }
}

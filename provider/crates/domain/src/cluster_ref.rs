//! References: who a cluster or a fleet is and where its credentials are, without a secret in them.
//!
//! The forms, with every value percent-encoded:
//!
//! | text | means |
//! | --- | --- |
//! | `file:PATH?context=NAME&uid=UID` | a kubeconfig on the machine that runs Terraform |
//! | `env:NAME?context=NAME&uid=UID` | a kubeconfig in an environment variable |
//! | `ssh://CREDENTIAL?user=U&cp=HOST:PORT&hostkey=SHA256:…&cp=…&bastion=…&uid=UID` | the admin kubeconfig on the first control-plane machine that answers |
//! | `fleet:NAME?host=REF` | the fleet's namespace on its host |
//! | `fleet:NAME/APPLICATION?host=REF` | an application of a fleet (import only) |

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::cluster::ClusterUid;
use crate::name::{Name, NameProblem};
use crate::ssh_place::SshPlace;

/// What stays readable in an encoded value.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Where a cluster's credentials are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A kubeconfig file. The path is exactly as the user wrote it and is resolved at use.
    File {
        /// Path of the file.
        path: String,
        /// Context inside it; none means its current one.
        context: Option<String>,
    },
    /// An environment variable that holds a kubeconfig.
    Env {
        /// Name of the variable.
        name: String,
        /// Context inside it; none means its current one.
        context: Option<String>,
    },
    /// The cluster's own control-plane machines.
    Ssh(SshPlace),
}

impl Place {
    /// What people call a cluster that was given no name: its context, else its file or variable.
    pub fn called(&self) -> &str {
        match self {
            Self::File { context: Some(context), .. } | Self::Env { context: Some(context), .. } => context,
            Self::File { path, context: None } => path.rsplit('/').next().unwrap_or(path),
            Self::Env { name, context: None } => name,
            Self::Ssh(place) => place.called(),
        }
    }
}

/// A cluster: where its credentials are and, once known, who it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterRef {
    /// Where the credentials are.
    pub place: Place,
    /// Who must answer there. None only in import ids and before the first contact.
    pub uid: Option<ClusterUid>,
}

/// A fleet: its name and the cluster that carries it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FleetRef {
    /// Name of the fleet.
    pub name: Name,
    /// The cluster that carries its objects.
    pub host: ClusterRef,
}

/// An application of a fleet, as an import id names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationRef {
    /// The fleet.
    pub fleet: FleetRef,
    /// Name of the application.
    pub name: Name,
}

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefProblem {
    /// No scheme, or one that names nothing of ours.
    #[error("it does not begin with one of {expected}")]
    Scheme {
        /// The schemes that would do, as prose.
        expected: &'static str,
    },
    /// A fleet's reference where a cluster's belongs.
    #[error("it is the reference of a fleet, and a cluster's is wanted")]
    FleetForCluster,
    /// A cluster's reference where a fleet's belongs.
    #[error("it is the reference of a cluster, and a fleet's is wanted")]
    ClusterForFleet,
    /// The part between the scheme and `?` is empty.
    #[error("nothing stands between the scheme and the `?`")]
    Empty,
    /// A parameter that this kind of reference does not have.
    #[error("it has the parameter `{0}`, which this kind of reference does not know")]
    Parameter(String),
    /// A parameter whose value means nothing.
    #[error("its parameter `{key}` cannot be `{value}`")]
    Value {
        /// The parameter.
        key: String,
        /// What stands there.
        value: String,
    },
    /// `ssh:` without its slashes.
    #[error("`ssh:` is followed by `//` and the name of a credential")]
    Slashes,
    /// A parameter that is needed.
    #[error("it lacks the parameter `{0}`")]
    Missing(&'static str),
    /// Broken percent-encoding.
    #[error("its percent-encoding is not UTF-8")]
    Encoding,
    /// A name in it is not a DNS-1123 label.
    #[error("the name `{name}` in it is not valid: {problem}")]
    Name {
        /// The text.
        name: String,
        /// What is wrong.
        problem: NameProblem,
    },
    /// The host inside a fleet's reference is not a cluster's reference.
    #[error("its host is not the reference of a cluster: {0}")]
    Host(Box<RefProblem>),
}

const CLUSTER_SCHEMES: &str = "`file:`, `env:` or `ssh:`";
const FLEET_SCHEME: &str = "`fleet:`";

impl ClusterRef {
    /// Parses a cluster's reference.
    ///
    /// # Errors
    ///
    /// The first [`RefProblem`] found.
    pub fn parse(text: &str) -> Result<Self, RefProblem> {
        let (scheme, rest) = text.split_once(':').ok_or(RefProblem::Scheme { expected: CLUSTER_SCHEMES })?;
        if scheme == "fleet" {
            return Err(RefProblem::FleetForCluster);
        }
        let rest = match scheme {
            "ssh" => rest.strip_prefix("//").ok_or(RefProblem::Slashes)?,
            "file" | "env" => rest,
            _ => return Err(RefProblem::Scheme { expected: CLUSTER_SCHEMES }),
        };
        let (subject, mut parameters) = split(rest)?;
        let mut uid = None;
        parameters.retain_mut(|(key, value)| {
            let is_uid = key == "uid";
            if is_uid {
                uid = Some(ClusterUid::new(std::mem::take(value)));
            }
            !is_uid
        });
        let place = match scheme {
            "ssh" => Place::Ssh(SshPlace::read(subject, parameters)?),
            "file" => Place::File { path: subject, context: context_of(parameters)? },
            _ => Place::Env { name: subject, context: context_of(parameters)? },
        };
        Ok(Self { place, uid })
    }

    /// The same place with `uid` as the one who must answer.
    #[must_use]
    pub fn with_uid(self, uid: ClusterUid) -> Self {
        Self { uid: Some(uid), ..self }
    }

    /// Whether both name one cluster: by uid where both have one, else by place.
    pub fn is_same_cluster(&self, other: &Self) -> bool {
        match (&self.uid, &other.uid) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.place == other.place,
        }
    }
}

impl FleetRef {
    /// Parses a fleet's reference.
    ///
    /// # Errors
    ///
    /// The first [`RefProblem`] found.
    pub fn parse(text: &str) -> Result<Self, RefProblem> {
        let (subject, host) = fleet_parts(text)?;
        Ok(Self { name: parse_name(&subject)?, host })
    }
}

impl ApplicationRef {
    /// Parses `fleet:NAME/APPLICATION?host=REF`.
    ///
    /// # Errors
    ///
    /// The first [`RefProblem`] found.
    pub fn parse(text: &str) -> Result<Self, RefProblem> {
        let (subject, host) = fleet_parts(text)?;
        let (fleet, name) = subject.split_once('/').ok_or(RefProblem::Missing("/APPLICATION"))?;
        Ok(Self { fleet: FleetRef { name: parse_name(fleet)?, host }, name: parse_name(name)? })
    }
}

fn fleet_parts(text: &str) -> Result<(String, ClusterRef), RefProblem> {
    let (scheme, rest) = text.split_once(':').ok_or(RefProblem::Scheme { expected: FLEET_SCHEME })?;
    match scheme {
        "fleet" => {}
        "file" | "env" | "ssh" => return Err(RefProblem::ClusterForFleet),
        _ => return Err(RefProblem::Scheme { expected: FLEET_SCHEME }),
    }
    let (subject, parameters) = split(rest)?;
    let mut host = None;
    for (key, value) in parameters {
        if key != "host" {
            return Err(RefProblem::Parameter(key));
        }
        host = Some(ClusterRef::parse(&value).map_err(|problem| RefProblem::Host(Box::new(problem)))?);
    }
    Ok((subject, host.ok_or(RefProblem::Missing("host"))?))
}

fn parse_name(text: &str) -> Result<Name, RefProblem> {
    Name::parse(text).map_err(|problem| RefProblem::Name { name: text.to_owned(), problem })
}

/// The context among what follows a kubeconfig's place, which may have no other parameter.
fn context_of(parameters: Vec<(String, String)>) -> Result<Option<String>, RefProblem> {
    let mut context = None;
    for (key, value) in parameters {
        if key != "context" {
            return Err(RefProblem::Parameter(key));
        }
        context = Some(value);
    }
    Ok(context)
}

fn split(rest: &str) -> Result<(String, Vec<(String, String)>), RefProblem> {
    let (subject, query) = rest.split_once('?').unwrap_or((rest, ""));
    if subject.is_empty() {
        return Err(RefProblem::Empty);
    }
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| RefProblem::Parameter(pair.to_owned()))?;
        parameters.push((decode(key)?, decode(value)?));
    }
    Ok((decode(subject)?, parameters))
}

fn decode(text: &str) -> Result<String, RefProblem> {
    percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| RefProblem::Encoding)
}

/// A value as it stands in a reference.
pub(crate) fn encode(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}

impl fmt::Display for ClusterRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (context, mut mark) = match &self.place {
            Place::File { path, context } => {
                write!(f, "file:{}", encode(path))?;
                (context.as_ref(), '?')
            }
            Place::Env { name, context } => {
                write!(f, "env:{}", encode(name))?;
                (context.as_ref(), '?')
            }
            Place::Ssh(place) => {
                write!(f, "{place}")?;
                (None, '&')
            }
        };
        if let Some(context) = context {
            write!(f, "{mark}context={}", encode(context))?;
            mark = '&';
        }
        if let Some(uid) = &self.uid {
            write!(f, "{mark}uid={}", encode(uid.as_str()))?;
        }
        Ok(())
    }
}

impl fmt::Display for FleetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fleet:{}?host={}", self.name, encode(&self.host.to_string()))
    }
}

impl fmt::Display for ApplicationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fleet:{}/{}?host={}", self.fleet.name, self.name, encode(&self.fleet.host.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_as_written() {
        for text in [
            "file:~/.kube/config?context=hub&uid=0f-1",
            "file:/a%20b%3Fc/config",
            "env:HUB_KUBECONFIG?context=admin%40hub",
        ] {
            assert_eq!(ClusterRef::parse(text).map(|r| r.to_string()), Ok(text.to_owned()));
        }
        let fleet = "fleet:demo?host=file%3A/k%3Fcontext%3Dhub%26uid%3D1";
        assert_eq!(FleetRef::parse(fleet).map(|r| r.to_string()), Ok(fleet.to_owned()));
        let app = "fleet:demo/web?host=env%3AHUB";
        assert_eq!(ApplicationRef::parse(app).map(|r| r.to_string()), Ok(app.to_owned()));
    }

    #[test]
    fn a_fleet_is_not_a_cluster_and_the_reverse() {
        assert_eq!(ClusterRef::parse("fleet:demo?host=env%3AHUB"), Err(RefProblem::FleetForCluster));
        assert_eq!(FleetRef::parse("env:HUB"), Err(RefProblem::ClusterForFleet));
        assert!(matches!(ClusterRef::parse("hub"), Err(RefProblem::Scheme { .. })));
        assert_eq!(ClusterRef::parse("file:a?port=1"), Err(RefProblem::Parameter("port".into())));
    }

    #[test]
    fn one_uid_at_two_places_is_one_cluster() {
        let here = ClusterRef::parse("file:a?uid=1").unwrap();
        let there = ClusterRef::parse("env:A?uid=1").unwrap();
        let other = ClusterRef::parse("file:a?uid=2").unwrap();
        assert!(here.is_same_cluster(&there));
        assert!(!here.is_same_cluster(&other));
    }
}

//! The admin kubeconfig of a cluster, read from its own control-plane machines.

use domain::ssh_place::SshPlace;
use engines::error::{CredentialProblem, EngineError, Kind, SshCredentialProblem};
use engines::limits::Limits;
use engines::machines::Machines;
use engines::secret::SecretString;

use crate::errors::said;

const DOING: &str = "fetching";

/// Where kubeadm puts it.
const PATH: &str = "/etc/kubernetes/admin.conf";

/// Reads it from the first machine that answers and has it.
///
/// # Errors
///
/// - [`Kind::Credentials`] if a machine answers and none has it.
/// - What the first machine meets, if none answers.
pub(crate) async fn fetch(
    machines: Option<&dyn Machines>,
    place: &SshPlace,
    target: &str,
    limits: &Limits,
) -> Result<SecretString, EngineError> {
    let Some(machines) = machines else {
        let problem = Kind::SshCredential(SshCredentialProblem::Missing);
        return Err(said(DOING, target, problem, "this provider was given no way to machines"));
    };
    let mut first = None;
    let mut is_absent = false;
    for address in place.machines() {
        let found = async { machines.connect(&address, limits).await?.get(PATH, limits).await }.await;
        match found {
            Ok(Some(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => return Ok(SecretString::from(text)),
                Err(_) => {
                    let problem = Kind::Credentials(CredentialProblem::Malformed);
                    return Err(said(DOING, target, problem, "it is not UTF-8"));
                }
            },
            Ok(None) => is_absent = true,
            Err(error) if error.kind == Kind::Cancelled => return Err(error),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if !is_absent => Err(error),
        _ => {
            let text = format!("no machine that answers has {PATH}");
            Err(said(DOING, target, Kind::Credentials(CredentialProblem::Missing), text))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::cluster_ref::{ClusterRef, Place};
    use testkit::fake_machines::FakeMachines;

    use super::*;
    use crate::double::limits;
    use engines::secret::ExposeSecret as _;

    async fn fetched(machines: &FakeMachines) -> Result<String, EngineError> {
        let reference = ClusterRef::parse("ssh://site?user=admin&cp=cp1&cp=cp2").unwrap();
        let Place::Ssh(place) = reference.place else { panic!("{reference}") };
        let found = fetch(Some(machines), &place, "it", &limits()).await?;
        Ok(found.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn it_comes_from_the_first_machine_that_answers_and_has_it() {
        let machines = FakeMachines::default();
        let error = fetched(&machines).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable);
        assert!(error.chain().contains("cp1"), "{}", error.chain());
        machines.add("cp2:22");
        assert_eq!(fetched(&machines).await.unwrap_err().kind, Kind::Credentials(CredentialProblem::Missing));
        machines.hold("cp2:22", PATH, "two");
        assert_eq!(fetched(&machines).await.unwrap(), "two");
        machines.add("cp1:22");
        machines.hold("cp1:22", PATH, "one");
        assert_eq!(fetched(&machines).await.unwrap(), "one");
        machines.set_trouble("cp1:22", Some(Kind::LoginRefused));
        assert_eq!(fetched(&machines).await.unwrap(), "two");
    }
}

//! The admin kubeconfig of a cluster, read from its own control-plane machines.

use std::sync::Arc;

use domain::machine_address::MachineAddress;
use domain::ssh_place::SshPlace;
use engines::error::{CredentialProblem, EngineError, Kind, SshCredentialProblem};
use engines::limits::Limits;
use engines::machines::{Machine, Machines};
use engines::secret::SecretString;

use crate::errors::said;
use crate::kubeconfig::Fetched;

const DOING: &str = "fetching";

/// Where kubeadm puts it.
const PATH: &str = "/etc/kubernetes/admin.conf";

/// A machine that answers and has it.
pub(crate) struct Giver {
    pub(crate) machine: Arc<dyn Machine>,
    pub(crate) fetched: Fetched,
}

/// Reads it from one machine after the other, the first to ask first, until `meet` makes something of one.
///
/// # Errors
///
/// - [`Kind::Credentials`] if a machine answers, and no machine has it: with [`CredentialProblem::Gone`] if all answer.
/// - What the first machine met, or its API server, if none led to anything.
pub(crate) async fn first<T, Meeting>(
    machines: Option<&dyn Machines>,
    place: &SshPlace,
    target: &str,
    limits: &Limits,
    meet: impl Fn(Giver) -> Meeting,
) -> Result<T, EngineError>
where
    Meeting: Future<Output = Result<T, EngineError>>,
{
    let Some(machines) = machines else {
        let problem = Kind::SshCredential(SshCredentialProblem::Missing);
        return Err(said(DOING, target, problem, "this provider was given no way to machines"));
    };
    let (mut first, mut has_it, mut is_absent) = (None, false, false);
    for address in place.machines() {
        let outcome = match from(machines, &address, target, limits).await {
            Ok(Some(giver)) => {
                has_it = true;
                meet(giver).await
            }
            Ok(None) => {
                is_absent = true;
                continue;
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(made) => return Ok(made),
            Err(error) if error.kind == Kind::Cancelled => return Err(error),
            Err(error) => {
                tracing::debug!(machine = %address, error = error.chain(), "the next machine is asked");
                first.get_or_insert(error);
            }
        }
    }
    match first {
        // One that has it says that the cluster is there, whatever the others have.
        Some(error) if has_it || !is_absent => Err(error),
        Some(_) => {
            let text = format!("no machine that answers has {PATH}");
            Err(said(DOING, target, Kind::Credentials(CredentialProblem::Missing), text))
        }
        None => {
            let text = format!("every one of its machines answers, and none has {PATH}");
            Err(said(DOING, target, Kind::Credentials(CredentialProblem::Gone), text))
        }
    }
}

async fn from(
    machines: &dyn Machines,
    address: &MachineAddress,
    target: &str,
    limits: &Limits,
) -> Result<Option<Giver>, EngineError> {
    let machine = machines.connect(address, limits).await?;
    let Some(bytes) = machine.get(PATH, limits).await? else { return Ok(None) };
    let Ok(text) = String::from_utf8(bytes) else {
        let problem = Kind::Credentials(CredentialProblem::Malformed);
        return Err(said(DOING, target, problem, "it is not UTF-8"));
    };
    let fetched = Fetched { text: SecretString::from(text), host: address.login.at.host.clone() };
    Ok(Some(Giver { machine, fetched }))
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
        first(Some(machines), &place, "it", &limits(), |giver| async move {
            match giver.fetched.text.expose_secret() {
                "down" => Err(EngineError::new("asking", giver.fetched.host, Kind::Unreachable)),
                text => Ok(text.to_owned()),
            }
        })
        .await
    }

    #[tokio::test]
    async fn it_comes_from_the_first_machine_that_answers_and_has_it() {
        let machines = FakeMachines::default();
        let error = fetched(&machines).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable);
        assert!(error.chain().contains("cp1"), "{}", error.chain());
        machines.add("cp2:22");
        assert_eq!(fetched(&machines).await.unwrap_err().kind, Kind::Credentials(CredentialProblem::Missing));
        machines.add("cp1:22");
        assert_eq!(fetched(&machines).await.unwrap_err().kind, Kind::Credentials(CredentialProblem::Gone));
        machines.remove("cp1:22");
        machines.hold("cp2:22", PATH, "two");
        assert_eq!(fetched(&machines).await.unwrap(), "two");
        machines.add("cp1:22");
        machines.hold("cp1:22", PATH, "one");
        assert_eq!(fetched(&machines).await.unwrap(), "one");
        machines.set_trouble("cp1:22", Some(Kind::LoginRefused));
        assert_eq!(fetched(&machines).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn one_that_has_it_and_does_not_answer_with_it_leads_to_the_next_and_is_no_missing_cluster() {
        let machines = FakeMachines::default();
        machines.add("cp1:22");
        machines.add("cp2:22");
        machines.hold("cp1:22", PATH, "down");
        machines.hold("cp2:22", PATH, "two");
        assert_eq!(fetched(&machines).await.unwrap(), "two");
        machines.lose("cp2:22", PATH);
        let error = fetched(&machines).await.unwrap_err();
        assert_eq!((error.kind, error.target.as_str()), (Kind::Unreachable, "cp1"));
    }
}

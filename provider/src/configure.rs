//! The provider block becomes the context. Asks nobody.

use std::collections::BTreeMap;

use domain::mirrors::Mirrors;
use engine_ssh::credentials::{KeySource, SshCredential, SshCredentials};
use engines::secret::SecretString;
use schemas::provider::{ProviderModel, SshCredentialModel};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use crate::context::{Handle, Settings};

/// Takes the provider block. A value that is not known yet has its default for now: it can only be unknown at plan,
/// and no plan depends on it. A credential that is not known yet is there and opens nothing.
pub(crate) fn configure(handle: &Handle, block: ProviderModel) {
    let at_a_time = match block.max_parallel {
        Value::Known(count) => usize::try_from(count).ok(),
        Value::Null | Value::Unknown => None,
    };
    handle.configure(Settings {
        owner: block.owner.into_known(),
        at_a_time,
        credentials: credentials(block.ssh_credentials),
        mirrors: mirrors(block.mirrors),
    });
}

fn credentials(entries: Value<BTreeMap<String, Value<SshCredentialModel>>>) -> SshCredentials {
    let entries = entries.into_known().into_iter().flatten();
    SshCredentials::new(
        entries.map(|(name, entry)| (name, credential(entry.into_known().unwrap_or_default()))),
    )
}

fn credential(entry: SshCredentialModel) -> SshCredential {
    let secret = |value: Value<String>| value.into_known().map(SecretString::from);
    let key = match (entry.private_key, entry.private_key_path, entry.agent) {
        (Value::Known(text), ..) => Some(KeySource::Text(SecretString::from(text))),
        (_, Value::Known(path), _) => Some(KeySource::File(path)),
        (_, _, Value::Known(true)) => Some(KeySource::Agent { socket: None }),
        _ => None,
    };
    SshCredential {
        key,
        passphrase: secret(entry.passphrase),
        password: secret(entry.password),
        become_password: secret(entry.become_password),
    }
}

fn mirrors(entries: Value<BTreeMap<String, Value<String>>>) -> Mirrors {
    let entries = entries.into_known().into_iter().flatten();
    Mirrors(entries.filter_map(|(prefix, replacement)| Some((prefix, replacement.into_known()?))).collect())
}

/// Checks that need more than one attribute. Accepts unknown values.
pub(crate) fn validate(block: &ProviderModel) -> Diagnostics {
    let entries = block.ssh_credentials.known().into_iter().flatten();
    entries
        .filter_map(|(name, entry)| {
            Some(one_way_in(entry.known()?)?.at(Path::to("ssh_credentials").key(name.clone())))
        })
        .collect()
}

/// A credential has one key, or a password, or both. What is unknown may yet turn out null.
fn one_way_in(entry: &SshCredentialModel) -> Option<Diagnostic> {
    let keys = [
        ("private_key", matches!(entry.private_key, Value::Known(_)), entry.private_key.is_unknown()),
        (
            "private_key_path",
            matches!(entry.private_key_path, Value::Known(_)),
            entry.private_key_path.is_unknown(),
        ),
        ("agent", entry.agent == Value::Known(true), entry.agent.is_unknown()),
    ];
    let set: Vec<&str> = keys.iter().filter(|(_, is_set, _)| *is_set).map(|(name, ..)| *name).collect();
    let may_come = keys.iter().any(|(.., unknown)| *unknown) || !entry.password.is_null();
    let saw = match set.as_slice() {
        [] if !may_come => "Neither a key nor a password is set.".to_owned(),
        [] | [_] => return None,
        several => format!("`{}` are set.", several.join("` and `")),
    };
    Some(Diagnostic::error(
        "SSH credential needs one key",
        format!(
            "{saw}\n\nSet one of `private_key`, `private_key_path` and `agent = true`, or `password`; a password may stand \
             beside a key for machines that ask for both."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(private_key: Value<String>, agent: Value<bool>, password: Value<String>) -> SshCredentialModel {
        SshCredentialModel { private_key, agent, password, ..SshCredentialModel::default() }
    }

    #[test]
    fn a_credential_has_one_key_or_a_password() {
        let some = || Value::Known("hunter2".to_owned());
        for (good, given) in [
            (true, entry(some(), Value::Null, Value::Null)),
            (true, entry(Value::Null, Value::Known(true), Value::Null)),
            (true, entry(some(), Value::Known(false), some())),
            (true, entry(Value::Null, Value::Null, some())),
            (true, entry(Value::Unknown, Value::Null, Value::Null)),
            (true, entry(Value::Unknown, Value::Known(true), Value::Null)),
            (false, entry(Value::Null, Value::Null, Value::Null)),
            (false, entry(Value::Null, Value::Known(false), Value::Null)),
            (false, entry(some(), Value::Known(true), Value::Null)),
        ] {
            assert_eq!(one_way_in(&given).is_none(), good, "{good}");
        }
        let block = ProviderModel {
            ssh_credentials: Value::Known(BTreeMap::from([(
                "site".to_owned(),
                Value::Known(SshCredentialModel::default()),
            )])),
            ..ProviderModel::default()
        };
        let told: Vec<String> = validate(&block)
            .into_iter()
            .map(|it| format!("{}: {}", it.path.unwrap_or_default(), it.summary))
            .collect();
        assert_eq!(told, ["ssh_credentials[\"site\"]: SSH credential needs one key"]);
    }

    #[test]
    fn what_is_not_known_yet_is_there_and_opens_nothing() {
        let unknown = credential(entry(Value::Unknown, Value::Null, Value::Unknown));
        assert!(unknown.key.is_none() && unknown.password.is_none());
        let path = SshCredentialModel {
            private_key_path: Value::Known("~/.ssh/id".to_owned()),
            ..Default::default()
        };
        assert!(matches!(credential(path).key, Some(KeySource::File(path)) if path == "~/.ssh/id"));
        let agent = credential(entry(Value::Null, Value::Known(true), Value::Null));
        assert!(matches!(agent.key, Some(KeySource::Agent { socket: None })));
        let mirrored = mirrors(Value::Known(BTreeMap::from([
            ("dl.k8s.io".to_owned(), Value::Known("m.example".to_owned())),
            ("quay.io".to_owned(), Value::Unknown),
        ])));
        assert_eq!(mirrored.0, BTreeMap::from([("dl.k8s.io".to_owned(), "m.example".to_owned())]));
    }
}

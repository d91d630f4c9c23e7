//! What one logs in with, by name, as the provider block gives it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::machine_address::DEFAULT_CREDENTIAL;
use engines::secret::SecretString;

/// Where a private key is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Here.
    Text(SecretString),
    /// In a file, read at the time of the login. `~/` at the beginning is the home of whoever runs Terraform.
    File(String),
    /// With an agent that signs for us.
    Agent {
        /// Its socket; none means the environment's, `SSH_AUTH_SOCK`.
        socket: Option<PathBuf>,
    },
}

/// One entry of `ssh_credentials`.
#[derive(Clone, Debug, Default)]
pub struct SshCredential {
    /// The private key.
    pub key: Option<KeySource>,
    /// What the private key is encrypted with.
    pub passphrase: Option<SecretString>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// What `sudo` asks for.
    pub become_password: Option<SecretString>,
}

/// All entries by their names.
#[derive(Clone, Debug, Default)]
pub struct SshCredentials(BTreeMap<String, SshCredential>);

impl SshCredentials {
    /// Takes the entries of the provider block.
    pub fn new(entries: impl IntoIterator<Item = (String, SshCredential)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// The entry of a name. Where the default one is not written down, it is the agent.
    pub(crate) fn named(&self, name: &str) -> Option<SshCredential> {
        let agent =
            || SshCredential { key: Some(KeySource::Agent { socket: None }), ..SshCredential::default() };
        self.0.get(name).cloned().or_else(|| (name == DEFAULT_CREDENTIAL).then(agent))
    }

    /// The names there are, as a message lists them.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_agent_until_it_is_written_down() {
        let none = SshCredentials::default();
        assert!(matches!(none.named("default").unwrap().key, Some(KeySource::Agent { socket: None })));
        assert!(none.named("site").is_none());
        let own = SshCredential { password: Some(SecretString::from("hunter2")), ..SshCredential::default() };
        let some = SshCredentials::new([("default".to_owned(), own)]);
        assert!(some.named("default").unwrap().key.is_none());
        assert!(!format!("{some:?}").contains("hunter2"));
        assert_eq!(some.names(), "there are default");
    }
}

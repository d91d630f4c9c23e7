//! The fake clusters as givers of credentials.

use async_trait::async_trait;
use engines::credentials::{Credentials, Identity, Lender, Proof, Wish};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::secret::SecretString;
use jiff::Timestamp;

use crate::fake_kube::FakeCluster;

#[async_trait]
impl Lender for FakeCluster {
    /// An own token never ends here, and a minted one ends its lifetime after 1970 began: there is no clock.
    async fn credentials(&self, wish: &Wish, limits: &Limits) -> Result<Credentials, EngineError> {
        let (target, wanted) = match &wish.identity {
            Identity::Own => ("own".to_owned(), None),
            Identity::ServiceAccount { namespace, name } => {
                (format!("{namespace}/{name}"), Some((namespace.clone(), name.clone())))
            }
        };
        let is_there = self.look("credentials", &target, limits, |world, uid| match &wanted {
            Some(account) => world.cluster(uid).service_accounts.contains(account),
            None => true,
        })?;
        if !is_there {
            return Err(EngineError::new("credentials", target, Kind::NotFound));
        }
        let uid = &self.facts.uid;
        let token = format!("token of {target} on {uid}");
        let lifetime = i64::try_from(wish.lifetime.as_secs()).unwrap_or(i64::MAX);
        Ok(Credentials {
            endpoint: self.facts.endpoint.clone(),
            certificate_authority: Some(format!("authority of {uid}")),
            is_unchecked: false,
            server_name: None,
            proxy: None,
            kubeconfig: SecretString::from(format!("kubeconfig with {token}")),
            proof: Proof::Token(SecretString::from(token)),
            expires: wanted.and_then(|_| Timestamp::from_second(lifetime).ok()),
        })
    }
}

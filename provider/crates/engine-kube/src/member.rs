//! A cluster as a member of fleets.

use async_trait::async_trait;
use domain::fleet::AccessSpec;
use domain::object_id::ObjectId;
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::member::{Access, Member};
use engines::wait::{Pace, Seen, until};
use serde_json::Value;

use crate::apply::Manager;
use crate::cluster::{KubeCluster, Trust};
use crate::cluster_role_binding::{self, ClusterRoleBinding};
use crate::collection::{Collection, Extent};
use crate::delete::held_by;
use crate::errors::said;
use crate::labels::ACCESS;
use crate::metadata::{AnyObject, Metadata};
use crate::namespace;
use crate::service_account;
use crate::token_secret::{self, Token, TokenSecret};

#[async_trait]
impl Member for KubeCluster {
    async fn grant(&self, access: &AccessSpec, limits: &Limits) -> Result<Access, EngineError> {
        let (namespaces, bindings) = (namespace::collection(), cluster_role_binding::collection());
        let (namespace, binding) = futures::future::try_join(
            self.find::<AnyObject>(&namespaces, &access.namespace, Extent::Metadata, limits),
            self.find::<ClusterRoleBinding>(&bindings, &access.account, Extent::Whole, limits),
        )
        .await?;
        if let Some(namespace) = &namespace {
            refuse_strangers(&namespaces, &namespace.metadata, access)?;
            self.wait_if_leaving(&namespaces, &namespace.metadata, limits).await?;
        }
        if let Some(binding) = &binding {
            refuse_strangers(&bindings, &binding.metadata, access)?;
            if !binding.has_role(access) {
                // Kubernetes never changes the role of a binding.
                self.delete_and_wait(&bindings, &access.account, &binding.metadata.uid, limits).await?;
            }
        }
        self.put(
            &namespaces,
            &access.namespace,
            namespace::access_body(&access.namespace, &access.account),
            limits,
        )
        .await?;
        // Before its token: the token controller deletes the Secret of an account that it cannot find.
        self.put(
            &service_account::collection(access),
            &access.account,
            service_account::body(access),
            limits,
        )
        .await?;
        let tokens = token_secret::collection(access);
        futures::future::try_join(
            self.put(&tokens, &access.account, token_secret::body(access), limits),
            self.put(&bindings, &access.account, cluster_role_binding::body(access), limits),
        )
        .await?;
        let token = self.wait_for_token(&tokens, access, limits).await?;
        let certificate_authority = match &self.trust {
            Trust::Authorities(pem) => Some(pem.clone()),
            Trust::System => None,
            Trust::Anybody => Some(token.authority),
        };
        Ok(Access { endpoint: self.facts.endpoint.clone(), certificate_authority, token: token.token })
    }

    async fn has_access(&self, access: &AccessSpec, limits: &Limits) -> Result<bool, EngineError> {
        let namespaces = namespace::collection();
        let accounts = service_account::collection(access);
        let tokens = token_secret::collection(access);
        let bindings = cluster_role_binding::collection();
        let (namespace, account, token, binding) = futures::try_join!(
            self.find::<AnyObject>(&namespaces, &access.namespace, Extent::Metadata, limits),
            self.find::<AnyObject>(&accounts, &access.account, Extent::Metadata, limits),
            self.find::<TokenSecret>(&tokens, &access.account, Extent::Whole, limits),
            self.find::<ClusterRoleBinding>(&bindings, &access.account, Extent::Whole, limits),
        )?;
        let is_ours = |metadata: &Metadata| {
            metadata.label(ACCESS) == Some(access.account.as_str()) && !metadata.is_deleting()
        };
        Ok(namespace.is_some_and(|namespace| is_ours(&namespace.metadata))
            && account.is_some_and(|account| is_ours(&account.metadata))
            && token.and_then(TokenSecret::token).is_some()
            && binding.is_some_and(|binding| is_ours(&binding.metadata) && binding.gives(access)))
    }

    async fn revoke(&self, access: &AccessSpec, limits: &Limits) -> Result<(), EngineError> {
        // The binding first: from then on the token opens nothing. The token before the account, or its controller
        // would be asked to fill it in for an account that is gone.
        self.remove_ours(&cluster_role_binding::collection(), &access.account, access, limits).await?;
        self.remove_ours(&token_secret::collection(access), &access.account, access, limits).await?;
        self.remove_ours(&service_account::collection(access), &access.account, access, limits).await?;
        self.remove_ours(&namespace::collection(), &access.namespace, access, limits).await
    }

    async fn remaining(&self, objects: &[ObjectId], limits: &Limits) -> Result<Vec<ObjectId>, EngineError> {
        self.remaining_objects(objects, limits).await
    }
}

impl KubeCluster {
    /// Applies an object of the account, taking fields over: what bears our label is ours.
    async fn put(
        &self,
        collection: &Collection,
        name: &str,
        body: Value,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.apply::<AnyObject>(collection, name, &body, Manager::Provider, Conflicts::Force, limits)
            .await
            .map(drop)
    }

    async fn wait_for_token(
        &self,
        tokens: &Collection,
        access: &AccessSpec,
        limits: &Limits,
    ) -> Result<Token, EngineError> {
        let target = tokens.object(&access.account);
        until("waiting for the token in", &target, Pace::CONTROLLER, limits, || async {
            let secret = self.find::<TokenSecret>(tokens, &access.account, Extent::Whole, limits).await?;
            Ok(match secret.map(TokenSecret::token) {
                Some(Some(token)) => Seen::Ready(token),
                Some(None) => Seen::Pending("the token controller has not filled it in".to_owned()),
                None => {
                    Seen::Pending("it was taken away again, as for an account that is missing".to_owned())
                }
            })
        })
        .await
    }

    /// Waits for the end of what is being deleted: nothing can be made in such a namespace.
    async fn wait_if_leaving(
        &self,
        collection: &Collection,
        metadata: &Metadata,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        if !metadata.is_deleting() {
            return Ok(());
        }
        let (name, uid) = (&metadata.name, &metadata.uid);
        self.wait_gone(collection, name, uid, Extent::Metadata, limits, |object: &AnyObject| {
            (object.metadata.clone(), held_by(&object.metadata))
        })
        .await
    }

    /// Removes an object if it bears the account's label, and waits until it is gone.
    async fn remove_ours(
        &self,
        collection: &Collection,
        name: &str,
        access: &AccessSpec,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        match self.find::<AnyObject>(collection, name, Extent::Metadata, limits).await? {
            Some(found) if found.metadata.label(ACCESS) == Some(access.account.as_str()) => {
                self.delete_and_wait(collection, name, &found.metadata.uid, limits).await
            }
            _ => Ok(()),
        }
    }
}

/// An object of our name without our label is somebody else's.
fn refuse_strangers(
    collection: &Collection,
    metadata: &Metadata,
    access: &AccessSpec,
) -> Result<(), EngineError> {
    if metadata.label(ACCESS) == Some(access.account.as_str()) {
        return Ok(());
    }
    let text = format!("it does not bear the label {ACCESS}={}, so somebody else made it", access.account);
    Err(said("making the fleet's account with", collection.object(&metadata.name), Kind::AlreadyExists, text))
}

//! A cluster as the carrier of fleets.

use async_trait::async_trait;
use domain::fleet::{FleetFacts, FleetNames, MemberRecord};
use domain::mark::{Incarnation, Mark};
use domain::name::Name;
use engines::error::EngineError;
use engines::fleet_host::{Conflicts, FleetHost};
use engines::limits::Limits;
use engines::member::Access;
use serde_json::Value;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::labels::{FLEET, MEMBER, selector};
use crate::mark;
use crate::member_secret::{self, MemberSecret};
use crate::metadata::AnyObject;
use crate::namespace::{self, Namespace};

#[async_trait]
impl FleetHost for KubeCluster {
    async fn observe_fleet(&self, fleet: &Name, limits: &Limits) -> Result<FleetFacts, EngineError> {
        let name = FleetNames::of(fleet).namespace;
        let namespaces = namespace::collection();
        let secrets = member_secret::collection(fleet);
        let selector = format!("{},{MEMBER}", selector(&[(FLEET, fleet.as_str())]));
        let (namespace, secrets) = futures::future::try_join(
            self.find::<Namespace>(&namespaces, &name, Extent::Whole, limits),
            self.list::<MemberSecret>(&secrets, &selector, Extent::Whole, limits),
        )
        .await?;
        Ok(FleetFacts {
            namespace: namespace.map(|namespace| namespace.to_facts()),
            members: secrets
                .iter()
                .filter_map(|secret| Some((secret.member()?, secret.to_facts())))
                .collect(),
        })
    }

    async fn put_namespace(
        &self,
        fleet: &Name,
        mark: &Mark,
        member_role: &str,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let name = FleetNames::of(fleet).namespace;
        let body = namespace::fleet_body(&name, fleet, mark, member_role);
        self.apply::<Value>(&namespace::collection(), &name, &body, Manager::Provider, conflicts, limits)
            .await
            .map(drop)
    }

    async fn put_member(
        &self,
        fleet: &Name,
        member: &Name,
        record: &MemberRecord,
        access: Option<&Access>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let collection = member_secret::collection(fleet);
        let name = FleetNames::secret(member);
        // Before the record: cut off in between, the record still says what was, and that is seen and mended. A
        // record that says where the API is now would hide a kubeconfig that leads to where it was.
        if let Some(access) = access {
            let body = member_secret::access_body(fleet, member, access);
            self.apply::<AnyObject>(&collection, &name, &body, Manager::Access, conflicts, limits).await?;
        }
        let body = member_secret::record_body(fleet, member, record);
        self.apply::<AnyObject>(&collection, &name, &body, Manager::Provider, conflicts, limits)
            .await
            .map(drop)
    }

    async fn remove_member(&self, fleet: &Name, member: &Name, limits: &Limits) -> Result<(), EngineError> {
        let collection = member_secret::collection(fleet);
        let name = FleetNames::secret(member);
        match self.find::<AnyObject>(&collection, &name, Extent::Metadata, limits).await? {
            Some(found) if found.metadata.label(FLEET) == Some(fleet.as_str()) => {
                self.delete_and_wait(&collection, &name, &found.metadata.uid, limits).await
            }
            _ => Ok(()),
        }
    }

    async fn remove_namespace(
        &self,
        fleet: &Name,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let collection = namespace::collection();
        let name = FleetNames::of(fleet).namespace;
        let Some(found) = self.find::<Namespace>(&collection, &name, Extent::Whole, limits).await? else {
            return Ok(());
        };
        if mark::incarnation(&found.metadata.annotations).as_ref() != Some(incarnation) {
            return Ok(());
        }
        let uid = &found.metadata.uid;
        self.delete_one(&collection, &name, uid, limits).await?;
        self.wait_gone(&collection, &name, uid, Extent::Whole, limits, |namespace: &Namespace| {
            (namespace.metadata.clone(), namespace.what_remains())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits};
    use domain::cluster_ref::ClusterRef;
    use engines::secret::SecretString;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_kubeconfig_is_written_before_the_record_says_where_it_leads() {
        let (hub, asked) =
            cluster(Duration::from_secs(30), |_, _| Answer::Says(200, json!({ "metadata": {} })));
        let name = |text: &str| Name::parse(text).unwrap();
        let record = MemberRecord {
            cluster: ClusterRef::parse("env:EDGE?uid=u-1").unwrap(),
            labels: BTreeMap::new(),
            api_server: Some("https://10.0.0.2:6443".into()),
        };
        let access = Access {
            endpoint: "https://10.0.0.2:6443".into(),
            certificate_authority: None,
            token: SecretString::from("hunter2"),
        };
        hub.put_member(&name("demo"), &name("edge"), &record, Some(&access), Conflicts::Refuse, &limits())
            .await
            .unwrap();
        let asked = asked.lock().unwrap();
        let managers: Vec<bool> = asked
            .iter()
            .map(|line| line.contains(&format!("fieldManager={}&", Manager::Access.as_str())))
            .collect();
        assert_eq!(managers, [true, false], "{asked:?}");
    }
}

//! The rules of the framework, seen from Terraform's side: a toy provider breaks them one by one.
#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod action;
mod apply;
mod broken;
mod deferral;
mod faults;
mod list;
mod moves;
mod other;
mod plan;
mod properties;
mod replace;
mod stored;
mod unchanged;
mod validate;

#[path = "../toy/mod.rs"]
mod toy;

use std::ops::Deref;
use std::time::Duration;

use testkit::protocol_client::{ProtocolClient, in_words};
use testkit::protocol_client_instance::{Applied, Instance, PlannedChange};
use tf_value::number::Number;
use tf_value::raw::Raw;
use toy::Toy;

/// A configured toy provider and Terraform's side of it.
struct Bench {
    client: ProtocolClient,
    /// Where things are kept; removed when dropped.
    directory: tempfile::TempDir,
}

impl Deref for Bench {
    type Target = ProtocolClient;

    fn deref(&self) -> &ProtocolClient {
        &self.client
    }
}

async fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let client = ProtocolClient::start(Toy::default()).await.unwrap();
    let config = object([("directory", Raw::string(directory.path().to_str().unwrap()))]);
    assert_eq!(in_words(&client.configure(&config).await.unwrap()), [""; 0]);
    Bench { client, directory }
}

impl Bench {
    /// Waits until something is kept under `id`.
    async fn kept(&self, id: &str) {
        let file = self.directory.path().join(format!("thing-{id}"));
        let seen = async {
            while !file.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap();
    }

    /// A thing as configured, applied without an objection.
    async fn thing<const N: usize>(&self, config: [(&str, Raw); N]) -> Instance {
        let mut thing = Instance::new("toy_thing");
        let (_, applied) = self.converge(&mut thing, &thing_with(config)).await.unwrap();
        assert_eq!(told(&applied), [""; 0]);
        thing
    }

    /// A plan for a thing.
    async fn plan_thing<const N: usize>(&self, thing: &Instance, config: [(&str, Raw); N]) -> PlannedChange {
        self.plan(thing, &thing_with(config)).await.unwrap()
    }
}

/// Everything that was said and objected to.
fn told(applied: &Applied) -> Vec<String> {
    let mut told = in_words(&applied.diagnostics);
    told.extend(applied.faults.iter().cloned());
    told
}

/// The configuration of a thing named `t` with some more attributes.
fn thing_with<const N: usize>(config: [(&str, Raw); N]) -> Raw {
    let Raw::Map(mut entries) = object(config) else { unreachable!("an object is a map") };
    entries.entry("name".to_owned()).or_insert_with(|| text("t"));
    Raw::Map(entries)
}

fn object<const N: usize>(entries: [(&str, Raw); N]) -> Raw {
    Raw::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn text(value: &str) -> Raw {
    Raw::string(value)
}

fn number(value: i64) -> Raw {
    Raw::Number(Number::from(value))
}

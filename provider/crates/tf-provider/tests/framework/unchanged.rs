//! Objects that do not change: the short way to an answer, and the long one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use testkit::protocol_client::{ProtocolClient, pack, unpack};
use tf_provider::call::Call;
use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::plan_resource_change::{Request, Response};
use tf_provider::provider::{Provider, Tables};
use tf_provider::resource::{Done, Import, Plan, Resource, Stored, Wanted};
use tf_value::diagnostic::Diagnostics;
use tf_value::model::write;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::value::Value;
use tokio::runtime::Runtime;

use crate::properties::values;
use crate::toy::thing::{Thing, schema};
use crate::{object, text};

/// How often a plan was asked of the thing that leaves unchanged plans alone.
static ASKED: AtomicUsize = AtomicUsize::new(0);

struct Two;

#[async_trait::async_trait]
impl Provider for Two {
    type Model = Raw;

    fn schema(&self) -> Schema {
        Schema { version: 0, description: "Two ways.".to_owned(), attributes: vec![] }
    }

    async fn configure(&self, _: Raw, _: &Call<Raw>) -> Diagnostics {
        Diagnostics::none()
    }

    fn tables(&self) -> Tables {
        Tables::new().resource(Way { short: true }).resource(Way { short: false })
    }
}

/// A thing whose plans nobody adjusts. One of the two says so.
struct Way {
    short: bool,
}

#[async_trait::async_trait]
impl Resource for Way {
    type Model = Thing;

    fn type_name(&self) -> &'static str {
        if self.short { "two_short" } else { "two_long" }
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Option<Schema> {
        let attributes = vec![tf_value::attribute::Attribute::string("id", "The id.").required()];
        Some(Schema { version: 0, description: "What tells things apart.".to_owned(), attributes })
    }

    fn identity(&self, thing: &Thing) -> Raw {
        match &thing.id {
            Value::Null => Raw::Null,
            id => Raw::Map([("id".to_owned(), write(id))].into()),
        }
    }

    fn plan(&self, plan: &mut Plan<Thing>) {
        if self.short && plan.private == b"counted" {
            ASKED.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn leaves_unchanged_alone(&self) -> bool {
        self.short
    }

    async fn create(&self, wanted: Wanted<Thing>, _: &Call<Thing>) -> Done<Thing> {
        Done::with(wanted.planned, wanted.private)
    }

    async fn read(&self, stored: Stored<Thing>, _: &Call<Thing>) -> Done<Thing> {
        Done::with(stored.state, stored.private)
    }

    async fn update(&self, wanted: Wanted<Thing>, _: &Call<Thing>) -> Done<Thing> {
        Done::with(wanted.planned, wanted.private)
    }

    async fn delete(&self, _: Stored<Thing>, _: &Call<Thing>) -> Done<Thing> {
        Done::gone()
    }

    async fn import(&self, _: Import, _: &Call<Thing>) -> Result<Thing, Diagnostics> {
        Ok(Thing::default())
    }
}

/// One runtime and one provider for all cases.
fn shared() -> &'static (Runtime, ProtocolClient) {
    static SHARED: OnceLock<(Runtime, ProtocolClient)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(ProtocolClient::start(Two)).unwrap();
        (runtime, client)
    })
}

async fn planned(
    client: &ProtocolClient,
    type_name: &str,
    prior: &Raw,
    config: &Raw,
    private: &[u8],
) -> Response {
    let request = Request {
        type_name: type_name.to_owned(),
        prior_state: Some(pack(prior)),
        proposed_new_state: Some(pack(prior)),
        config: Some(pack(config)),
        prior_private: private.to_vec(),
        ..Request::default()
    };
    client.wire().plan_resource_change(request).await.unwrap().into_inner()
}

/// A response with its object as a value, and without the name of the type in what was said.
fn comparable(mut response: Response) -> (Raw, Response) {
    let state = unpack(response.planned_state.take().as_ref(), &schema().ty()).unwrap_or_default();
    for said in &mut response.diagnostics {
        said.detail = said.detail.replace("two_short", "two_long");
    }
    (state, response)
}

/// The configuration of a thing that is stored: what only the provider sets is null in it, and what `left` says.
fn configuration(stored: &Raw, left: u32) -> Raw {
    let computed = ["id", "revision", "drift", "secret"];
    let entries = stored.entries().unwrap().iter().enumerate().map(|(position, (name, value))| {
        let is_left = computed.contains(&name.as_str()) || left >> position & 1 == 1;
        (name.clone(), if is_left { Raw::Null } else { value.clone() })
    });
    Raw::Map(entries.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_short_way_of_a_plan_says_what_the_long_one_says(
        stored in values(schema().ty()).prop_filter("an object", |value| value.entries().is_some()),
        settled in any::<bool>(),
        left in prop_oneof![2 => Just(0), 1 => any::<u32>()],
        other in prop::option::weighted(0.1, values(schema().ty())),
    ) {
        let (runtime, client) = shared();
        let stored = match stored.unknown_as_null() {
            // As after an apply of these: what must not be in the way of the short one.
            Raw::Map(mut entries) if settled => {
                entries.insert("drift".to_owned(), Raw::List(vec![]));
                for name in ["size", "secret_version", "revision"] {
                    entries.insert(name.to_owned(), crate::number(1));
                }
                for name in ["secret", "rules", "members"] {
                    entries.insert(name.to_owned(), Raw::Null);
                }
                Raw::Map(entries)
            }
            stored => stored,
        };
        let config = other.unwrap_or_else(|| configuration(&stored, left));
        runtime.block_on(async {
            let short = planned(client, "two_short", &stored, &config, b"private").await;
            let long = planned(client, "two_long", &stored, &config, b"private").await;
            prop_assert_eq!(comparable(short), comparable(long));
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn an_unchanged_plan_is_answered_without_asking_whoever_leaves_it_alone() {
    let client = ProtocolClient::start(Two).await.unwrap();
    let ours = client.resource("two_short").unwrap();
    let config = ours.object(object([("name", text("t")), ("size", crate::number(2))])).unwrap();
    let more =
        [("id", text("i")), ("drift", Raw::List(vec![]))].map(|(name, value)| (name.to_owned(), value));
    let Raw::Map(mut entries) = config.clone() else { unreachable!("an object is a map") };
    entries.extend(more);
    let stored = Raw::Map(entries);
    let asked = || ASKED.swap(0, Ordering::Relaxed);
    let same = planned(&client, "two_short", &stored, &config, b"counted").await;
    assert_eq!(same.planned_state, Some(pack(&stored)));
    assert_eq!(
        same.planned_identity,
        Some(pb::ResourceIdentityData { identity_data: Some(pack(&object([("id", text("i"))]))) })
    );
    assert_eq!((same.planned_private.as_slice(), same.diagnostics.len()), (b"counted".as_slice(), 0));
    // A debug build goes the long way too, to compare.
    assert_eq!(asked(), usize::from(cfg!(debug_assertions)));
    // A value that its model cannot read is told on either way.
    let half = Raw::Number(tf_value::number::Number::from_f64(1.5));
    let with_half = |object: &Raw| match object.clone() {
        Raw::Map(mut entries) => {
            entries.insert("size".to_owned(), half.clone());
            Raw::Map(entries)
        }
        other => other,
    };
    let odd = planned(&client, "two_short", &with_half(&stored), &with_half(&config), b"counted").await;
    assert_eq!(testkit::protocol_client::in_words(&odd.diagnostics), ["error: Value cannot be used"]);
    assert_eq!(asked(), 0);
}

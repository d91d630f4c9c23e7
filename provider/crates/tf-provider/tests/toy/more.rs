//! A list resource and an action.

use std::time::Duration;

use tf_provider::action::{Action, Progress};
use tf_provider::call::Call;
use tf_provider::deferral::{Deferral, Deferring};
use tf_provider::list::{Findings, ListResource, Listed, Query};
use tf_value::attribute::Attribute;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model;
use tf_value::number::Number;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::value::Value;

use super::World;
use super::thing::Thing;

model! {
    /// Which things to list.
    pub struct Search {
        /// With a default.
        prefix: String,
        /// How many there are.
        count: i64,
        /// Which rule to break.
        behave: String,
    }
}

/// Lists things that nobody made: as many as the search says.
pub struct ThingList {
    pub world: World,
}

fn known(text: &Value<String>) -> &str {
    text.known().map_or("", String::as_str)
}

#[async_trait::async_trait]
impl ListResource for ThingList {
    type Model = Search;
    type Object = Thing;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "Things.".to_owned(),
            attributes: vec![
                Attribute::string("prefix", "What names begin with.").defaults_to(Raw::string("t")),
                Attribute::number("count", "How many there are.").required(),
                Attribute::string("behave", "Which rule to break."),
            ],
        }
    }

    fn validate(&self, config: &Search) -> Diagnostics {
        match config.count.known() {
            Some(count) if *count < 0 => {
                Diagnostic::error("Count is negative", "Use 0 or more.").at(Path::to("count")).into()
            }
            _ => Diagnostics::none(),
        }
    }

    async fn list(
        &self,
        query: Query<Search>,
        found: &Findings<'_, Thing>,
        call: &Call<Search>,
    ) -> Diagnostics {
        let behave = known(&query.config.behave).to_owned();
        for number in 0..query.config.count.known().copied().unwrap_or_default() {
            let id = format!("{}{number}", known(&query.config.prefix));
            let thing = Thing {
                id: Value::Known(id.clone()),
                name: Value::Known(id.clone()),
                secret: Value::Known("leaked".to_owned()),
                ..Thing::default()
            };
            let mut listed = Listed {
                name: id,
                identity: Raw::Null,
                object: Some(thing),
                diagnostics: Diagnostics::none(),
            };
            match (number, behave.as_str()) {
                (1, "panic") => panic!("in a list"),
                (1, "wait_for_stop") => {
                    call.stop().cancelled().await;
                    return Diagnostic::error("Interrupted", "The list is not whole.").into();
                }
                (1, "wait_for_ever") => {
                    // Dropped when nobody listens any more, which the end of this shows.
                    let _end = MarkAtEnd(self.world.clone());
                    drop(self.world.store("list-waits", &Raw::Null));
                    std::future::pending::<()>().await;
                }
                (1, "no_object") => {
                    listed.identity = Raw::Map([("id".to_owned(), Raw::string("i"))].into());
                    listed.object = None;
                }
                (1, "no_identity") => listed.object = Some(Thing::default()),
                (1, "unknown_identity") => {
                    listed.identity = Raw::Map([("id".to_owned(), Raw::unknown())].into());
                }
                (1, "error") => listed.diagnostics.push(Diagnostic::error("Cannot look", "It is dark.")),
                (1, "warning") => listed.diagnostics.push(Diagnostic::warning("It is dim", "Look closer.")),
                _ => {}
            }
            if found.found(listed).await.is_break() && behave != "never_enough" {
                break;
            }
        }
        Diagnostics::none()
    }
}

struct MarkAtEnd(World);

impl Drop for MarkAtEnd {
    fn drop(&mut self) {
        drop(self.0.store("list-dropped", &Raw::Null));
    }
}

model! {
    /// How to ring.
    pub struct Ring {
        /// With a default.
        times: i64,
        /// Which rule to break.
        behave: String,
    }
}

/// Rings a bell, which is heard as progress.
pub struct Bell {
    pub world: World,
}

#[async_trait::async_trait]
impl Action for Bell {
    type Model = Ring;

    fn type_name(&self) -> &'static str {
        "toy_bell"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "Rings a bell.".to_owned(),
            attributes: vec![
                Attribute::number("times", "How often.").defaults_to(Raw::Number(Number::from(1_i64))),
                Attribute::string("behave", "Which rule to break."),
            ],
        }
    }

    fn validate(&self, config: &Ring) -> Diagnostics {
        match config.times.known() {
            Some(times) if *times > 100 => {
                Diagnostic::error("Too loud", "Ring at most 100 times.").at(Path::to("times")).into()
            }
            _ => Diagnostics::none(),
        }
    }

    fn plan(&self, config: &Ring, deferring: &Deferring) -> Diagnostics {
        match known(&config.behave) {
            "defer" => _ = deferring.because(Deferral::ProviderConfigUnknown),
            "defer_for_config" => _ = deferring.because(Deferral::ConfigUnknown),
            "defer_for_prerequisite" => _ = deferring.because(Deferral::AbsentPrerequisite),
            _ => {}
        }
        if config.times.is_unknown() {
            return Diagnostic::warning("Nobody knows how often", "It may be loud.").into();
        }
        Diagnostics::none()
    }

    async fn invoke(&self, config: Ring, progress: &Progress, call: &Call<Ring>) -> Diagnostics {
        for ring in 1..=config.times.known().copied().unwrap_or_default().min(1_000) {
            progress.say(format!("ring {ring}")).await;
        }
        match known(&config.behave) {
            "panic" => panic!("in an action"),
            "fail" => return Diagnostic::error("The bell broke", "Mend it.").into(),
            "wait_for_stop" => {
                call.stop().cancelled().await;
                return Diagnostic::error("Interrupted", "It rang less often.").into();
            }
            "finish_late" => {
                let unhurried =
                    tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>());
                drop(unhurried.await);
                progress.say("into the void").await;
                return self.world.store("rung", &Raw::Null).err().unwrap_or_default();
            }
            _ => {}
        }
        Diagnostic::warning("The bell is worn", "It still rings.").into()
    }
}

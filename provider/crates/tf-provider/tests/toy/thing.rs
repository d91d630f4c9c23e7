//! A resource with one attribute for everything that attributes can be.

use std::collections::BTreeMap;

use tf_provider::call::Call;
use tf_provider::deferral::Deferral;
use tf_provider::moves::{MoveSource, Moved};
use tf_provider::resource::{Destruction, Done, Import, Plan, Resource, Stored, Wanted};
use tf_value::attribute::{Attribute, Complaint, Nesting, Shape};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model;
use tf_value::model::{FromRaw, ToRaw, write};
use tf_value::number::Number;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use super::World;

model! {
    /// One member of a thing.
    pub struct Member {
        /// Configured, with a default.
        weight: i64,
        /// Replaces.
        zone: String,
        /// Computed.
        address: String,
        /// Computed, kept.
        serial: String,
        /// Never stored.
        pin: String,
    }
}

model! {
    /// One rule of a thing.
    pub struct Rule {
        /// Required.
        port: i64,
        /// Configured, with a default.
        protocol: String,
        /// Computed, kept.
        handle: String,
    }
}

model! {
    /// One part of a thing.
    pub struct Part {
        /// Required.
        label: String,
        /// Computed, kept.
        serial: String,
    }
}

model! {
    /// Where a thing is.
    pub struct Spot {
        /// Replaces.
        place: String,
        /// In place.
        corner: String,
    }
}

model! {
    /// A thing.
    pub struct Thing {
        /// Required, replaces.
        name: String,
        /// With a default.
        size: i64,
        /// Exact.
        ratio: Number,
        /// Free text.
        notes: String,
        /// Refuses to change.
        region: String,
        /// Whether refused changes replace.
        allow_replacement: bool,
        /// A set.
        labels: Vec<Value<String>>,
        /// Nested, by key.
        members: BTreeMap<String, Value<Member>>,
        /// Nested, in a set.
        rules: Vec<Value<Rule>>,
        /// Nested, in a list.
        parts: Vec<Value<Part>>,
        /// Nested, one.
        spot: Spot,
        /// Never stored.
        secret: String,
        /// Tells that the secret changed.
        secret_version: i64,
        /// Which rule to break.
        behave: String,
        /// Computed, kept.
        id: String,
        /// Computed, counts updates.
        revision: i64,
        /// Computed, empty in order.
        drift: Vec<Value<String>>,
        /// Optional, else chosen by the provider.
        color: String,
        /// Deprecated.
        old: String,
    }
}

model! {
    /// What becomes a thing when it is moved.
    pub struct Other {
        /// Its id.
        id: String,
        /// Its name.
        label: String,
    }
}

fn other_schema() -> Schema {
    Schema {
        version: 0,
        description: "Another thing, as far as it is of interest.".to_owned(),
        attributes: vec![Attribute::string("id", "Its id."), Attribute::string("label", "Its name.")],
    }
}

/// The resource.
pub struct Things {
    pub world: World,
}

fn short(value: &Raw) -> Option<Complaint> {
    let long = value.text().is_some_and(|text| text.chars().count() > 20);
    long.then(|| Complaint {
        summary: "Name is too long".into(),
        detail: "Use at most 20 characters.".into(),
    })
}

fn few(value: &Raw) -> Option<Complaint> {
    let Raw::Set(labels) = value else { unreachable!("labels are a set") };
    let many = labels.len() > 3;
    many.then(|| Complaint { summary: "Too many labels".into(), detail: "Use at most three.".into() })
}

fn short_keys(value: &Raw) -> Option<Complaint> {
    let long = value.entries()?.keys().any(|key| key.len() > 8);
    long.then(|| Complaint { summary: "Key is too long".into(), detail: "Use at most 8 characters.".into() })
}

fn but_for_spaces(one: &Raw, other: &Raw) -> bool {
    let words = |value: &Raw| -> Vec<String> {
        value.text().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    words(one) == words(other)
}

pub fn schema() -> Schema {
    let member = vec![
        Attribute::number("weight", "Its weight.").defaults_to(Raw::Number(Number::from(10_i64))),
        Attribute::string("zone", "Its zone.").required().replaces(),
        Attribute::string("address", "Its address.").computed(),
        Attribute::string("serial", "Its serial number.").computed().keeps(),
        Attribute::string("pin", "Its pin.").write_only(),
    ];
    let rule = vec![
        Attribute::number("port", "Its port.").required(),
        Attribute::string("protocol", "Its protocol.").defaults_to(Raw::string("tcp")),
        Attribute::string("handle", "Its handle.").computed().keeps(),
    ];
    let part = vec![
        Attribute::string("label", "Its label.").required(),
        Attribute::string("serial", "Its serial number.").computed().keeps(),
    ];
    let spot = vec![
        Attribute::string("place", "Its place.").required().replaces(),
        Attribute::string("corner", "Its corner."),
    ];
    Schema {
        version: 1,
        description: "A thing.".to_owned(),
        attributes: vec![
            Attribute::string("name", "Its name.").required().replaces().checked(short),
            Attribute::number("size", "Its size.").defaults_to(Raw::Number(Number::from(1_i64))),
            Attribute::number("ratio", "A ratio."),
            Attribute::string("notes", "Notes.").alike_if(but_for_spaces),
            Attribute::string("region", "Its region.").refuses("Make another thing."),
            Attribute::bool("allow_replacement", "Whether refused changes replace."),
            Attribute::new("labels", Type::set(Type::String), "Labels, three at most.").checked(few),
            Attribute::objects("members", member, "Members.").checked(short_keys),
            Attribute { shape: Shape::Nested(Nesting::Set, rule), ..Attribute::string("rules", "Rules.") },
            Attribute { shape: Shape::Nested(Nesting::List, part), ..Attribute::string("parts", "Parts.") },
            Attribute::object("spot", spot, "Where it is."),
            Attribute::string("secret", "A secret.").write_only().sensitive(),
            Attribute::number("secret_version", "Tells that the secret changed."),
            Attribute::string("behave", "Which rule to break."),
            Attribute::string("id", "Its id.").computed().keeps(),
            Attribute::number("revision", "Counts updates.").computed(),
            Attribute::new("drift", Type::list(Type::String), "What is out of order.")
                .computed()
                .settles_at(Raw::List(vec![])),
            Attribute::string("color", "Its color.").optional_computed().replaces(),
            Attribute { deprecated: Some("use `notes`"), ..Attribute::string("old", "Old notes.") },
        ],
    }
}

fn behave(thing: &Thing) -> &str {
    thing.behave.known().map_or("", String::as_str)
}

fn number(value: &Value<i64>) -> i64 {
    value.known().copied().unwrap_or_default()
}

/// What the world makes of a plan.
fn made(wanted: &Wanted<Thing>) -> Thing {
    let mut thing = wanted.planned.clone();
    let name = thing.name.known().cloned().unwrap_or_default();
    let before = wanted.prior.as_ref().map_or(0, |prior| number(&prior.revision));
    if thing.id.is_unknown() {
        thing.id = Value::Known(format!("id-of-{name}"));
    }
    if thing.revision.is_unknown() {
        thing.revision = Value::Known(before + 1);
    }
    if thing.drift.is_unknown() {
        thing.drift = Value::Known(vec![]);
    }
    if thing.color.is_unknown() {
        thing.color = Value::Known("grey".to_owned());
    }
    if let Value::Known(members) = &mut thing.members {
        for (key, member) in members {
            let Value::Known(member) = member else { continue };
            if member.address.is_unknown() {
                member.address = Value::Known(format!("{key}.{}", before + 1));
            }
            if member.serial.is_unknown() {
                member.serial = Value::Known(format!("serial-{key}"));
            }
        }
    }
    if let Value::Known(parts) = &mut thing.parts {
        for (index, part) in parts.iter_mut().enumerate() {
            let Value::Known(part) = part else { continue };
            if part.serial.is_unknown() {
                part.serial = Value::Known(format!("serial-{index}"));
            }
        }
    }
    if let Value::Known(rules) = &mut thing.rules {
        for rule in rules {
            let Value::Known(rule) = rule else { continue };
            if rule.handle.is_unknown() {
                rule.handle = Value::Known(format!("handle-{}-{}", number(&rule.port), before + 1));
            }
        }
    }
    thing
}

impl Things {
    /// Creates and updates alike.
    async fn make(&self, wanted: Wanted<Thing>, call: &Call<Thing>) -> Done<Thing> {
        let behave = behave(&wanted.config).to_owned();
        let mut thing = made(&wanted);
        let private = [b"applied after ".as_slice(), &wanted.private].concat();
        match behave.as_str() {
            "panic_before_save" => panic!("before anything was made"),
            "panic_after_save" => {
                thing.notes = Value::Unknown;
                call.save(&thing);
                panic!("after {} was made", thing.id.known().unwrap());
            }
            "wait_for_stop" => {
                call.stop().cancelled().await;
                let said = Diagnostic::error("Interrupted", "The thing is half made.");
                return Done::with(thing, private).and(said);
            }
            "finish_after_stop" => call.stop().cancelled().await,
            "refuse" => return Done::refused(Diagnostic::error("Refused", "No.")),
            "fail_with_state" => {
                thing.revision = Value::Unknown;
                return Done::with(thing, private).and(Diagnostic::error("Half made", "No."));
            }
            "return_nothing" => return Done::gone(),
            "leave_unknown" => thing.color = Value::Unknown,
            "other_value" => thing.notes = Value::Known("something else".to_owned()),
            "leak_secret" => thing.secret.clone_from(&wanted.config.secret),
            _ => {}
        }
        let id = thing.id.known().cloned().unwrap_or_default();
        if let Err(said) = self.world.store(&id, &whole(&thing)) {
            return Done::refused(said);
        }
        Done::with(thing, private)
    }
}

/// What the world keeps of a thing.
fn whole(thing: &Thing) -> Raw {
    let mut kept = thing.clone();
    kept.secret = Value::Null;
    kept.to_raw().unknown_as_null()
}

/// The type of what the world keeps; models write sets as lists.
fn kept_type() -> Type {
    schema().ty()
}

#[async_trait::async_trait]
impl Resource for Things {
    type Model = Thing;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Option<Schema> {
        Some(Schema {
            version: 1,
            description: "What tells things apart.".to_owned(),
            attributes: vec![Attribute::string("id", "The id.").required()],
        })
    }

    fn identity(&self, thing: &Thing) -> Raw {
        let made = thing.revision.known().is_some();
        assert!(!(made && behave(thing) == "panic_in_identity"), "in identity");
        match &thing.id {
            Value::Null => Raw::Null,
            id => Raw::Map([("id".to_owned(), write(id))].into()),
        }
    }

    fn upgrade(&self, version: u32, mut stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        assert_eq!(version, 0);
        let fields = stored.as_object_mut().unwrap();
        let title = fields.remove("title").unwrap_or_default();
        fields.insert("name".to_owned(), title);
        Ok(stored)
    }

    fn upgrade_identity(
        &self,
        version: u32,
        mut stored: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        assert_eq!(version, 0);
        let fields = stored.as_object_mut().unwrap();
        if let Some(key) = fields.remove("key") {
            fields.insert("id".to_owned(), key);
        }
        Ok(stored)
    }

    fn move_from(&self, source: &MoveSource) -> Option<Result<Moved<Thing>, Diagnostics>> {
        (source.type_name == "other_thing").then(|| {
            let other: Other = source.read(&other_schema())?;
            let secret = Value::Known("leaked".to_owned());
            let drift = Value::Unknown;
            let object = Thing { id: other.id, name: other.label, secret, drift, ..Thing::default() };
            let known = source.identity.as_ref().map_or("nothing", |_| "identity");
            let private = [b"moved ".as_slice(), &source.private, b" with ", known.as_bytes()].concat();
            Ok(Moved { object, private })
        })
    }

    fn generate(&self, config: &mut Thing) {
        if behave(config) == "generate_computed" {
            config.id = Value::Known("made up".to_owned());
            config.secret = Value::Known("made up".to_owned());
        }
        if config.notes.known().is_some() {
            config.old = Value::Null;
        }
    }

    fn validate(&self, config: &Thing) -> Diagnostics {
        assert!(behave(config) != "panic_in_validate", "in validate");
        match (config.name.known(), config.notes.known()) {
            (Some(name), Some(notes)) if name == notes => {
                Diagnostic::error("Notes repeat the name", "Write something else.")
                    .at(Path::to("notes"))
                    .into()
            }
            _ => Diagnostics::none(),
        }
    }

    fn plan(&self, plan: &mut Plan<Thing>) {
        match behave(&plan.config) {
            "plan_unconfigured" => plan.planned.notes = Value::Known("made up".to_owned()),
            "plan_other" => plan.planned.size = Value::Known(99),
            "plan_secret" => plan.planned.secret = plan.config.secret.clone(),
            "plan_members" => plan.planned.members = Value::Known(BTreeMap::new()),
            "plan_unknown_members" => plan.planned.members = Value::Unknown,
            "plan_strange_replacement" => plan.replace.push(Path::to("nowhere")),
            "plan_replacement" => plan.replace.push(Path::to("size")),
            "plan_more_rules" => {
                let rule = |port| Rule {
                    port: Value::Known(port),
                    protocol: Value::Known("tcp".to_owned()),
                    handle: Value::Known("h".to_owned()),
                };
                plan.planned.rules = Value::Known(vec![Value::Known(rule(80)), Value::Known(rule(81))]);
            }
            "plan_first_private" => {
                let words: &[u8] = match &plan.first_private {
                    None => b"first",
                    Some(first) if first == b"first" => b"again",
                    Some(_) => b"confused",
                };
                plan.private = words.to_vec();
                return;
            }
            "defer_for_config" => _ = plan.deferring.because(Deferral::ConfigUnknown),
            "defer_for_provider" => _ = plan.deferring.because(Deferral::ProviderConfigUnknown),
            "defer_for_prerequisite" => _ = plan.deferring.because(Deferral::AbsentPrerequisite),
            "plan_color" => plan.planned.color = Value::Known("red".to_owned()),
            _ => {}
        }
        plan.private = if plan.prior.is_some() { b"update".to_vec() } else { b"create".to_vec() };
    }

    fn plan_destroy(&self, destruction: &mut Destruction<Thing>) {
        destruction.private = b"destroy".to_vec();
        if behave(&destruction.prior) == "warn_at_destroy" {
            destruction.diagnostics.push(Diagnostic::warning("Something stays", "The file system."));
        }
    }

    async fn create(&self, wanted: Wanted<Thing>, call: &Call<Thing>) -> Done<Thing> {
        self.make(wanted, call).await
    }

    async fn read(&self, stored: Stored<Thing>, call: &Call<Thing>) -> Done<Thing> {
        let id = stored.state.id.known().cloned().unwrap_or_default();
        if behave(&stored.state) == "read_deferred" && call.defer(Deferral::AbsentPrerequisite) {
            return Done::gone();
        }
        if behave(&stored.state) == "read_fails" {
            return Done::refused(Diagnostic::error("Cannot read", "The disk is away."));
        }
        match self.world.load(&id, &kept_type()) {
            Err(said) => Done::refused(said),
            Ok(None) => Done::gone(),
            Ok(Some(kept)) => {
                let mut thing = Thing::from_raw(&kept).unwrap();
                match behave(&thing) {
                    "read_unknown" => thing.notes = Value::Unknown,
                    "read_secret" => thing.secret = Value::Known("leaked".to_owned()),
                    _ => {}
                }
                Done::with(thing, stored.private)
            }
        }
    }

    async fn update(&self, wanted: Wanted<Thing>, call: &Call<Thing>) -> Done<Thing> {
        self.make(wanted, call).await
    }

    async fn delete(&self, stored: Stored<Thing>, _: &Call<Thing>) -> Done<Thing> {
        match behave(&stored.state) {
            "refuse_delete" => return Done::refused(Diagnostic::error("Cannot delete", "It is in use.")),
            "delete_leaves" => return Done::with(stored.state, Vec::new()),
            "panic_in_delete" => panic!("in delete"),
            _ => {}
        }
        let id = stored.state.id.known().cloned().unwrap_or_default();
        match self.world.remove(&id) {
            Ok(()) => Done::gone(),
            Err(said) => Done::refused(said),
        }
    }

    async fn import(&self, import: Import, call: &Call<Thing>) -> Result<Thing, Diagnostics> {
        let id = match import {
            Import::Id(id) => id,
            Import::Identity(identity) => identity.get("id").text().unwrap_or_default().to_owned(),
        };
        if id == "later" && call.defer(Deferral::AbsentPrerequisite) {
            return Ok(Thing { id: Value::Known(id), ..Thing::default() });
        }
        Ok(Thing { id: Value::Known(id), secret: Value::Known("leaked".to_owned()), ..Thing::default() })
    }
}

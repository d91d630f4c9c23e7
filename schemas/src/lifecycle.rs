//! What every resource has: attributes that one shared module gives their meaning.

use tf_value::attribute::{Attribute, Complaint};
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::checks;

model! {
    /// The attributes that every resource has.
    pub struct LifecycleModel {
        /// What a destroy does.
        deletion_policy: String,
        /// What a destroy does about a cluster it cannot reach.
        on_unreachable: String,
        /// Whether fields that others manage are taken over.
        force_conflicts: bool,
        /// Whether a refused change may replace the object.
        allow_replacement: bool,
        /// How long each operation may take.
        timeouts: TimeoutsModel,
        /// How far the making has come.
        phase: String,
        /// Which making this is.
        incarnation: String,
        /// What a read found missing or different.
        drift: Vec<Value<String>>,
        /// What the last plan that changed something set out to do.
        last_change: LastChangeModel,
        /// What a destroy would leave behind.
        leftovers: Vec<Value<String>>,
    }
}

model! {
    /// Durations, Go-style.
    pub struct TimeoutsModel {
        /// For a create.
        create: String,
        /// For a read.
        read: String,
        /// For an update.
        update: String,
        /// For a delete.
        delete: String,
    }
}

model! {
    /// A change in words.
    pub struct LastChangeModel {
        /// What it was; empty for a create.
        from: String,
        /// What it became.
        to: String,
        /// The steps, in their order, at most 20.
        steps: Vec<Value<String>>,
    }
}

/// What a destroy does.
pub const DELETION_POLICIES: &[&str] = &["delete", "detach", "prevent"];
/// What a destroy does about a cluster it cannot reach.
pub const UNREACHABLE_POLICIES: &[&str] = &["error", "forget"];

fn deletion_policy(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, DELETION_POLICIES)
}

fn on_unreachable(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, UNREACHABLE_POLICIES)
}

/// A resource's schema: its own attributes and then those that every resource has.
pub fn with_lifecycle(mut own: Schema) -> Schema {
    own.attributes.extend(attributes());
    own
}

fn attributes() -> Vec<Attribute> {
    let timeout = |name, what: &str| {
        Attribute::string(name, format!("How long {what} may take, such as `10m`.")).checked(checks::duration)
    };
    vec![
        Attribute::string(
            "deletion_policy",
            "What a destroy does: `delete` removes what this resource made, `detach` forgets it and leaves everything \
             as it is, `prevent` refuses. Default `delete`. It is read from state: change it and apply before you \
             destroy.",
        )
        .defaults_to(Raw::string("delete"))
        .checked(deletion_policy),
        Attribute::string(
            "on_unreachable",
            "What a removal does about a cluster that it cannot reach: `error` stops and names it, `forget` goes on \
             and names what it had to leave. Default `error`. It is read from state.",
        )
        .defaults_to(Raw::string("error"))
        .checked(on_unreachable),
        Attribute::bool(
            "force_conflicts",
            "Whether fields of our objects that somebody else manages are taken over. Default `false`: the apply \
             stops and names who manages them.",
        )
        .defaults_to(Raw::Bool(false)),
        Attribute::bool(
            "allow_replacement",
            "Whether a change that cannot be made in place may destroy the object and make it anew. Unless `true`, \
             such a change is refused at plan.",
        ),
        Attribute::object(
            "timeouts",
            vec![
                timeout("create", "a create"),
                timeout("read", "a read"),
                timeout("update", "an update"),
                timeout("delete", "a delete"),
            ],
            "How long each operation may take, as Go-style durations. Defaults: create and update `20m`, read `2m`, \
             delete `20m`.",
        ),
        Attribute::string(
            "phase",
            "`creating` while a create has begun and not finished, else `ready`. A failed create is carried on by the \
             next apply, although its plan calls that a replacement.",
        )
        .computed()
        .settles_at(Raw::string("ready")),
        Attribute::string("incarnation", "Which making of the object this is; also on the objects it made.")
            .computed()
            .keeps(),
        Attribute::new(
            "drift",
            Type::list(Type::String),
            "What a refresh found missing or different, a sentence each; empty when all is in order. The next apply \
             mends it.",
        )
        .computed()
        .settles_at(Raw::List(Vec::new())),
        Attribute::object(
            "last_change",
            vec![
                Attribute::string("from", "What it was, in short; empty for a create.").computed(),
                Attribute::string("to", "What it becomes, in short.").computed(),
                Attribute::new("steps", Type::list(Type::String), "The steps in their order, at most 20.").computed(),
            ],
            "What the last plan that changed something set out to do. A plan shows it before it is done.",
        )
        .computed(),
        Attribute::new(
            "leftovers",
            Type::list(Type::String),
            "What a destroy would leave behind, or remove on your behalf, a sentence each.",
        )
        .computed()
        .keeps(),
    ]
}

impl LifecycleModel {
    /// The duration text of one operation, if the user set it.
    pub fn timeout(&self, of: impl Fn(&TimeoutsModel) -> &Value<String>) -> Option<&str> {
        self.timeouts.known().and_then(|timeouts| of(timeouts).known()).map(String::as_str)
    }
}

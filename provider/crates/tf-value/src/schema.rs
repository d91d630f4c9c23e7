//! Schemas, and the rules that make one valid.

use crate::attribute::{Attribute, Change, Nesting, Presence, Shape, object_type};
use crate::ty::Type;

/// The shape of a resource, a data source, an ephemeral resource, an identity or the provider block.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Version of the stored shape, from 0.
    pub version: u32,
    /// What it is: shown to users, in Markdown.
    pub description: String,
    /// Attributes. There are no blocks: nested attributes do all that blocks do.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The type of a whole object.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }

    /// What makes the schema invalid, a sentence each; empty if it is valid. One bad schema disables the whole
    /// provider at the user's desk, so a test asks this of every schema.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.description.trim().is_empty() {
            problems.push("it has no description".to_owned());
        }
        check_attributes(&self.attributes, "", false, &mut problems);
        problems
    }
}

fn check_attributes(attributes: &[Attribute], above: &str, in_set: bool, problems: &mut Vec<String>) {
    let mut names = std::collections::BTreeSet::new();
    for attribute in attributes {
        let name = format!("{above}{}", attribute.name);
        let mut say = |what: &str| problems.push(format!("`{name}` {what}"));
        if !is_identifier(attribute.name) {
            say("is not a name of lower-case letters, digits and underscores");
        }
        if !names.insert(attribute.name) {
            say("is there twice");
        }
        if attribute.description.trim().is_empty() {
            say("has no description");
        }
        if attribute.write_only && (attribute.is_computed() || in_set) {
            say("is write-only, and may be neither computed nor inside a set");
        }
        if attribute.default.is_some() && attribute.presence != Presence::OptionalComputed {
            say("has a default and is not optional and computed");
        }
        if (attribute.keeps || attribute.settles_at.is_some()) && !attribute.is_computed() {
            say("keeps or settles at a value and is not computed");
        }
        if attribute.alike.is_some() && (attribute.write_only || in_set) {
            say("is compared by meaning, and may be neither write-only nor inside a set");
        }
        if attribute.change != Change::InPlace && attribute.presence == Presence::Computed {
            say("is computed, so nobody can change it");
        }
        match &attribute.shape {
            Shape::Plain(ty) => {
                if in_set && holds_dynamic(ty) {
                    say("is dynamic inside a set");
                }
            }
            Shape::Nested(nesting, inner) => {
                if attribute.alike.is_some() {
                    say(
                        "is compared by meaning and has attributes inside, which are compared each for itself",
                    );
                }
                if inner.is_empty() {
                    say("has no attributes inside");
                }
                let inside = in_set || *nesting == Nesting::Set;
                check_attributes(inner, &format!("{name}."), inside, problems);
            }
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn holds_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::String | Type::Bool | Type::Number => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => holds_dynamic(element),
        Type::Object(attributes) => attributes.values().any(holds_dynamic),
        Type::Tuple(elements) => elements.iter().any(holds_dynamic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::Raw;

    #[test]
    fn each_rule_is_noticed() {
        let broken = Schema {
            version: 0,
            description: String::new(),
            attributes: vec![
                Attribute::string("Name", "Doc."),
                Attribute::string("twice", "Doc."),
                Attribute::string("twice", "Doc."),
                Attribute::string("silent", " "),
                Attribute::string("secret", "Doc.").computed().write_only(),
                Attribute { default: Some(Raw::Bool(true)), ..Attribute::bool("flag", "Doc.") },
                Attribute::string("kept", "Doc.").keeps(),
                Attribute::string("stuck", "Doc.").computed().replaces(),
                Attribute::object("empty", vec![], "Doc."),
                Attribute::string("hidden", "Doc.").write_only().alike_if(|one, other| one == other),
                Attribute::object("whole", vec![Attribute::string("a", "A.")], "Doc.")
                    .alike_if(|one, other| one == other),
            ],
        };
        assert_eq!(broken.problems().len(), 11, "{:#?}", broken.problems());
    }
}

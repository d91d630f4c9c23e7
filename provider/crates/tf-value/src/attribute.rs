//! Attributes: the parts of a schema.

use std::collections::BTreeMap;

use crate::raw::Raw;
use crate::ty::Type;

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The user, always.
    Required,
    /// The user, if they like.
    Optional,
    /// The provider, always.
    Computed,
    /// The user, if they like; else the provider.
    OptionalComputed,
}

/// What a change of a configured attribute means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made in place.
    InPlace,
    /// The object is replaced, which destroys nothing that matters.
    Replaces,
    /// It is refused, with the way out, unless the configuration says `allow_replacement = true`.
    Refused {
        /// What the user can do instead: one sentence.
        way_out: &'static str,
    },
}

/// How nested attributes are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// Objects in a list.
    List,
    /// Objects in a set.
    Set,
    /// Objects by key.
    Map,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a plain type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// What is wrong with a value. The place is added by whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// One line in sentence case that names the subject.
    pub summary: String,
    /// What we saw, and what to do.
    pub detail: String,
}

/// A check of one value by itself. It is asked only about values that are wholly known and not null.
///
/// Of what holds nested objects it is asked as soon as that itself is known, whatever is in the objects: such a check
/// looks at keys, and at whether there is anything.
pub type Check = fn(&Raw) -> Option<Complaint>;

/// Whether two known values mean the same, however they are spelt.
pub type Alike = fn(&Raw, &Raw) -> bool;

/// One attribute of a schema.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Name, in snake case.
    pub name: &'static str,
    /// What it does, its unit, default and limits: shown to users, in Markdown.
    pub description: String,
    /// What it holds.
    pub shape: Shape,
    /// Who sets it.
    pub presence: Presence,
    /// What a change of it means.
    pub change: Change,
    /// Whether Terraform hides it.
    pub sensitive: bool,
    /// Whether it is never stored.
    pub write_only: bool,
    /// What to use instead, if its use is discouraged.
    pub deprecated: Option<&'static str>,
    /// What the provider sets where the user sets nothing. Needs [`Presence::OptionalComputed`].
    pub default: Option<Raw>,
    /// What the provider sets in every plan of an existing object, whatever it was before; a difference is an update.
    pub settles_at: Option<Raw>,
    /// Whether a computed value outlives updates: it is planned as it was, not as unknown.
    pub keeps: bool,
    /// Which values mean the same. A new spelling of what is stored is no change: the stored one is planned.
    pub alike: Option<Alike>,
    /// Checks of its value.
    pub checks: Vec<Check>,
}

impl Attribute {
    /// An attribute of a plain type, optional until said otherwise.
    pub fn new(name: &'static str, ty: Type, description: impl Into<String>) -> Self {
        Self::shaped(name, Shape::Plain(ty), description)
    }

    /// Text.
    pub fn string(name: &'static str, description: impl Into<String>) -> Self {
        Self::new(name, Type::String, description)
    }

    /// True or false.
    pub fn bool(name: &'static str, description: impl Into<String>) -> Self {
        Self::new(name, Type::Bool, description)
    }

    /// A number.
    pub fn number(name: &'static str, description: impl Into<String>) -> Self {
        Self::new(name, Type::Number, description)
    }

    /// One object with attributes of its own.
    pub fn object(name: &'static str, attributes: Vec<Self>, description: impl Into<String>) -> Self {
        Self::shaped(name, Shape::Nested(Nesting::Single, attributes), description)
    }

    /// Objects by key.
    pub fn objects(name: &'static str, attributes: Vec<Self>, description: impl Into<String>) -> Self {
        Self::shaped(name, Shape::Nested(Nesting::Map, attributes), description)
    }

    /// Objects in an order that matters.
    pub fn objects_in_order(
        name: &'static str,
        attributes: Vec<Self>,
        description: impl Into<String>,
    ) -> Self {
        Self::shaped(name, Shape::Nested(Nesting::List, attributes), description)
    }

    /// Objects without an order, each of them once.
    pub fn objects_as_set(name: &'static str, attributes: Vec<Self>, description: impl Into<String>) -> Self {
        Self::shaped(name, Shape::Nested(Nesting::Set, attributes), description)
    }

    fn shaped(name: &'static str, shape: Shape, description: impl Into<String>) -> Self {
        Self {
            name,
            description: description.into(),
            shape,
            presence: Presence::Optional,
            change: Change::InPlace,
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            settles_at: None,
            keeps: false,
            alike: None,
            checks: Vec::new(),
        }
    }

    /// The user must set it.
    #[must_use]
    pub fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    /// The provider sets it, the user cannot.
    #[must_use]
    pub fn computed(self) -> Self {
        Self { presence: Presence::Computed, ..self }
    }

    /// The user may set it; else the provider does.
    #[must_use]
    pub fn optional_computed(self) -> Self {
        Self { presence: Presence::OptionalComputed, ..self }
    }

    /// The user may set it; else it is `value`.
    #[must_use]
    pub fn defaults_to(self, value: Raw) -> Self {
        Self { presence: Presence::OptionalComputed, default: Some(value), ..self }
    }

    /// Every plan of an existing object sets it to `value`.
    #[must_use]
    pub fn settles_at(self, value: Raw) -> Self {
        Self { settles_at: Some(value), ..self }
    }

    /// Its computed value outlives updates.
    #[must_use]
    pub fn keeps(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// A change of it replaces the object.
    #[must_use]
    pub fn replaces(self) -> Self {
        Self { change: Change::Replaces, ..self }
    }

    /// A change of it is refused.
    #[must_use]
    pub fn refuses(self, way_out: &'static str) -> Self {
        Self { change: Change::Refused { way_out }, ..self }
    }

    /// Terraform hides it.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// It is never stored.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { write_only: true, ..self }
    }

    /// Values that mean the same are no change.
    #[must_use]
    pub fn alike_if(self, alike: Alike) -> Self {
        Self { alike: Some(alike), ..self }
    }

    /// Adds a check.
    #[must_use]
    pub fn checked(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        matches!(self.presence, Presence::Computed | Presence::OptionalComputed)
    }

    /// The type of its value on the wire.
    pub fn ty(&self) -> Type {
        match &self.shape {
            Shape::Plain(ty) => ty.clone(),
            Shape::Nested(nesting, attributes) => {
                let object = object_type(attributes);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}

/// The type of an object with these attributes.
pub fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty()))
            .collect::<BTreeMap<_, _>>(),
    )
}

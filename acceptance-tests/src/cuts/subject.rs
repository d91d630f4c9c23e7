//! What is cut: a resource, in the shapes that operations lead from and to.

/// A resource as configuration, in each of its shapes.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its type.
    pub resource: &'static str,
    /// The configuration of the resource `it`, for a name that is all its own.
    pub text: fn(name: &str, shape: Shape, lifecycle: &str) -> String,
}

/// The shape of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It is not in the configuration.
    Absent,
    /// As it is made.
    First,
    /// Changed in what can be changed in place.
    Changed,
    /// Of another name, which means another object.
    Renamed,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is destroyed, and one of another name is made.
    Replace,
    /// One of another name is made, and then it is destroyed, as a deposed object.
    ReplaceNewFirst,
    /// It leaves the configuration.
    Destroy,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Create, Self::Update, Self::Replace, Self::ReplaceNewFirst, Self::Destroy];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::ReplaceNewFirst => "replace, new one first",
            Self::Destroy => "destroy",
        }
    }

    /// The shape it begins with.
    fn before(self) -> Shape {
        match self {
            Self::Create => Shape::Absent,
            Self::Update | Self::Replace | Self::ReplaceNewFirst | Self::Destroy => Shape::First,
        }
    }

    /// The shape it ends with.
    fn after(self) -> Shape {
        match self {
            Self::Create => Shape::First,
            Self::Update => Shape::Changed,
            Self::Replace | Self::ReplaceNewFirst => Shape::Renamed,
            Self::Destroy => Shape::Absent,
        }
    }
}

impl Subject {
    /// The subjects: every resource that makes something.
    pub const ALL: [Self; 3] = [
        Self { resource: "kurator_attached_cluster", text: attached_cluster },
        Self { resource: "kurator_fleet", text: fleet },
        Self { resource: "kurator_application", text: application },
    ];

    /// The configuration that an operation begins with.
    pub fn before(self, operation: Operation, name: &str) -> String {
        self.shaped(operation, operation.before(), name)
    }

    /// The configuration that an operation leads to.
    pub fn after(self, operation: Operation, name: &str) -> String {
        self.shaped(operation, operation.after(), name)
    }

    fn shaped(self, operation: Operation, shape: Shape, name: &str) -> String {
        if shape == Shape::Absent {
            return String::new();
        }
        let lifecycle = match operation {
            Operation::ReplaceNewFirst => "\n  lifecycle {\n    create_before_destroy = true\n  }",
            _ => "",
        };
        (self.text)(
            &if shape == Shape::Renamed { format!("{name}-b") } else { format!("{name}-a") },
            shape,
            lifecycle,
        )
    }
}

fn attached_cluster(_name: &str, shape: Shape, lifecycle: &str) -> String {
    let context = if shape == Shape::Renamed { "hub" } else { "edge" };
    let policy = if shape == Shape::Changed { "forget" } else { "error" };
    format!(
        r#"resource "kurator_attached_cluster" "it" {{
  kubeconfig        = {{ path = var.kubeconfig, context = "{context}" }}
  on_unreachable    = "{policy}"
  allow_replacement = true{lifecycle}
}}
"#
    )
}

/// With an update, one member joins and another one leaves.
fn fleet(name: &str, shape: Shape, lifecycle: &str) -> String {
    let member = if shape == Shape::Changed { "hub" } else { "edge" };
    format!(
        r#"resource "kurator_fleet" "it" {{
  name              = "{name}"
  host              = var.hub
  clusters          = {{ {member} = {{ ref = var.{member} }} }}
  allow_replacement = true{lifecycle}
}}
"#
    )
}

/// With an update, one policy comes and another one goes. Under another name it has another content, for two
/// applications cannot own the same object.
fn application(name: &str, shape: Shape, lifecycle: &str) -> String {
    let (policy, path) = if shape == Shape::First { ("base", "base") } else { ("other", "other") };
    format!(
        r#"resource "kurator_application" "it" {{
  name              = "{name}"
  fleet             = var.target
  source            = {{ git_repository = {{ url = var.git_url, revision = {{ branch = "main" }} }} }}
  sync_policies     = {{ {policy} = {{ kustomization = {{ path = "./{path}", prune = true }} }} }}
  allow_replacement = true{lifecycle}
}}
"#
    )
}

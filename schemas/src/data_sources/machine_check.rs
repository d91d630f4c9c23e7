//! `kurator_machine_check`: what stands in the way of machines becoming nodes, without changing anything.

use std::collections::BTreeMap;

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::checks;
use crate::resources::custom_cluster::machines::{self, MachineModel, SshModel};
use crate::resources::custom_cluster::network::{self, ControlPlaneModel, NetworkModel};
use crate::resources::custom_cluster::{self, CustomClusterModel};

model! {
    /// What is asked, and what is found.
    pub struct MachineCheckModel {
        /// Name of the cluster that they are meant for.
        name: String,
        /// Version of Kubernetes.
        version: String,
        /// How they are logged in to.
        ssh: SshModel,
        /// Machines by name.
        machines: BTreeMap<String, Value<MachineModel>>,
        /// The control plane.
        control_plane: ControlPlaneModel,
        /// Ranges and names.
        network: NetworkModel,
        /// What is done about swap.
        swap: String,
        /// Whether control groups of version 1 are accepted.
        allow_cgroup_v1: bool,
        /// Whether nothing stands in the way.
        ok: bool,
        /// What was found.
        findings: Vec<Value<FindingModel>>,
        /// What was seen of each machine.
        facts: BTreeMap<String, Value<MachineFactsModel>>,
    }
}

model! {
    /// Something about a machine that its owner should know.
    pub struct FindingModel {
        /// The machine.
        machine: String,
        /// What was looked at.
        check: String,
        /// Whether it stops an apply.
        severity: String,
        /// The attribute to change.
        attribute: String,
        /// What was seen.
        saw: String,
        /// What to do next.
        way_out: String,
    }
}

model! {
    /// What was seen of a machine.
    pub struct MachineFactsModel {
        /// Its operating system.
        os: String,
        /// Its architecture.
        arch: String,
        /// Its kernel.
        kernel: String,
        /// Its memory.
        memory_mib: i64,
        /// Its processors.
        cpus: i64,
        /// Version of its control groups.
        cgroup: String,
        /// Its addresses.
        addresses: Vec<Value<String>>,
        /// The key that it proved.
        host_key: String,
    }
}

/// The cluster of machines that are meant for none yet.
const UNNAMED: &str = "unnamed";

impl MachineCheckModel {
    /// What is asked, as a cluster of these machines would have it.
    pub fn as_cluster(&self) -> CustomClusterModel {
        CustomClusterModel {
            name: match &self.name {
                Value::Null => Value::Known(UNNAMED.to_owned()),
                given => given.clone(),
            },
            version: self.version.clone(),
            ssh: self.ssh.clone(),
            machines: self.machines.clone(),
            control_plane: self.control_plane.clone(),
            network: self.network.clone(),
            swap: self.swap.clone(),
            allow_cgroup_v1: self.allow_cgroup_v1.clone(),
            ..CustomClusterModel::default()
        }
    }
}

/// The schema.
pub fn schema() -> Schema {
    let mut attributes = asked();
    attributes.extend(found());
    Schema {
        version: 0,
        description: "Looks at machines that are to become a `kurator_custom_cluster`, all at the same time, and tells \
                      everything that stands in the way at once. It is the list that an apply of the cluster begins with; \
                      nothing is changed on the machines. Findings are values, not errors: use `ok` and `findings` in a \
                      `check` block or a precondition."
            .to_owned(),
        attributes,
    }
}

/// The cluster's own attributes, as far as what is looked for depends on them.
fn asked() -> Vec<Attribute> {
    let said = |description: &str, attribute: Attribute| Attribute {
        description: description.to_owned(),
        ..attribute
    };
    let cluster = custom_cluster::schema().attributes;
    let of_cluster =
        cluster.into_iter().filter(|attribute| matches!(attribute.name, "swap" | "allow_cgroup_v1"));
    let mut attributes = vec![
        Attribute::string(
            "name",
            "Name of the cluster that the machines are meant for. That a machine is in it already is then no finding. \
             Default: none, and every machine that is in a cluster is told.",
        )
        .checked(checks::name),
        said(
            "Version of Kubernetes that they are to run, such as `1.34.4`, with or without a leading `v`.",
            custom_cluster::version(),
        ),
        machines::ssh(),
        said(
            "The machines, by name, as `kurator_custom_cluster` takes them: a local value can be given to both.",
            machines::machines(),
        ),
        network::control_plane(),
        network::network(),
    ];
    attributes.extend(of_cluster);
    attributes
}

fn found() -> Vec<Attribute> {
    let text = |name: &str| (name.to_owned(), Type::String);
    let finding = Type::Object(
        ["machine", "check", "severity", "attribute", "saw", "way_out"].map(text).into_iter().collect(),
    );
    let facts = Type::Object(BTreeMap::from([
        text("os"),
        text("arch"),
        text("kernel"),
        ("memory_mib".to_owned(), Type::Number),
        ("cpus".to_owned(), Type::Number),
        text("cgroup"),
        ("addresses".to_owned(), Type::list(Type::String)),
        text("host_key"),
    ]));
    vec![
        Attribute::bool("ok", "Whether no finding would stop an apply.").computed(),
        Attribute::new(
            "findings",
            Type::list(finding),
            "What was found, errors first: the `machine`, the `check`, its `severity` (`error` stops an apply, `warning` \
             does not), the `attribute` to change, what was seen (`saw`), and what to do (`way_out`).",
        )
        .computed(),
        Attribute::new(
            "facts",
            Type::map(facts),
            "What was seen of each machine that answered, by name: `os`, `arch` (`amd64` or `arm64`, otherwise as the \
             machine says), `kernel`, `memory_mib`, `cpus`, `cgroup` (`v1` or `v2`), `addresses`, and the `host_key` that \
             it proved.",
        )
        .computed(),
    ]
}

//! `kurator_machine_check`: what stands in the way of machines becoming nodes.

use std::time::Duration;

use apply::machines::Met;
use async_trait::async_trait;
use domain::finding::{Finding, Severity};
use domain::machine::{CgroupVersion, MachineFacts};
use engines::limits::Limits;
use schemas::data_sources::machine_check::{FindingModel, MachineCheckModel, MachineFactsModel, schema};
use tf_provider::call::Call;
use tf_provider::data_source::DataSource;
use tf_value::diagnostic::Diagnostics;
use tf_value::schema::Schema;
use tf_value::value::Value;

use crate::context::Handle;
use crate::resources::custom_cluster::check::check;
use crate::resources::custom_cluster::validate;

/// How long all looks together may take. One takes a second, and at most 90 s where a machine hangs; ten thousand
/// machines, sixteen at a time, take ten minutes.
const PATIENCE: Duration = Duration::from_mins(10);

/// The data source.
pub(crate) struct MachineCheckSource(pub(crate) Handle);

#[async_trait]
impl DataSource for MachineCheckSource {
    type Model = MachineCheckModel;

    fn type_name(&self) -> &'static str {
        "kurator_machine_check"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, config: &MachineCheckModel) -> Diagnostics {
        validate::of_machines(&config.as_cluster())
    }

    async fn read(
        &self,
        config: MachineCheckModel,
        call: &Call<MachineCheckModel>,
    ) -> Result<(MachineCheckModel, Diagnostics), Diagnostics> {
        let limits = Limits::within(PATIENCE, call.stop().clone());
        let checked = check(&config.as_cluster(), &self.0.get(), &limits).await?;
        let is_in_the_way = |finding: &Finding| finding.severity == Severity::Error;
        let facts = checked.met.iter().map(|(name, met)| (name.to_string(), Value::Known(facts(met))));
        let found = MachineCheckModel {
            ok: Value::Known(!checked.findings.iter().any(is_in_the_way)),
            facts: Value::Known(facts.collect()),
            findings: Value::Known(checked.findings.iter().map(finding).map(Value::Known).collect()),
            ..config
        };
        Ok((found, Diagnostics::none()))
    }
}

fn text(text: impl Into<String>) -> Value<String> {
    Value::Known(text.into())
}

fn finding(finding: &Finding) -> FindingModel {
    FindingModel {
        machine: text(finding.machine.as_str()),
        check: text(finding.check.as_str()),
        severity: text(match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }),
        attribute: text(finding.attribute.to_string()),
        saw: text(&finding.seen),
        way_out: text(&finding.next),
    }
}

fn facts(met: &Met) -> MachineFactsModel {
    let MachineFacts { os, kernel, memory_mib, cpus, cgroup, addresses, machine, .. } = &met.facts;
    let called = if os.pretty.is_empty() { format!("{} {}", os.id, os.version) } else { os.pretty.clone() };
    MachineFactsModel {
        os: text(called.trim()),
        arch: text(met.facts.arch().map_or_else(|| machine.clone(), |arch| arch.to_string())),
        kernel: text(kernel),
        memory_mib: Value::Known(i64::try_from(*memory_mib).unwrap_or(i64::MAX)),
        cpus: Value::Known(i64::from(*cpus)),
        cgroup: text(match cgroup.version {
            CgroupVersion::V1 => "v1",
            CgroupVersion::V2 => "v2",
        }),
        addresses: Value::Known(addresses.iter().map(|address| text(address.to_string())).collect()),
        host_key: text(met.machine.host_key().to_string()),
    }
}

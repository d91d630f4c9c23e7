//! What is told of a Flux that nobody but its own people can bring back to life.

use domain::fleet::{FleetSpec, FluxFacts};
use planning::fleet::{FluxNeed, flux_need};
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;

use super::observe::Observed;

/// A warning of a Flux that is served and that no controller stands behind, unless the apply installs it again.
pub(super) fn silent(spec: &FleetSpec, observed: &Observed) -> Option<Diagnostic> {
    if flux_need(spec, &observed.flux) != FluxNeed::Somebody {
        return None;
    }
    let saw = match &observed.flux {
        FluxFacts::Unfinished { .. } => "holds a part of Flux: its installation or removal was cut off",
        _ => "serves Flux's custom resources, and its controllers did not touch a probe object in time",
    };
    let whose = match observed.flux.installed_by() {
        Some(fleet) => format!("it is fleet `{fleet}`'s, and `flux.install` is `false` here"),
        None => "no fleet installed it, so it is left as it is".to_owned(),
    };
    Some(
        Diagnostic::warning(
            "Flux on the host does not answer",
            format!(
                "Host `{}` {saw}; {whose}.\n\nSee that its source and kustomize controllers run and are not kept busy \
                 by clusters that hang: until then nothing is put onto members. Or remove it, its custom resource \
                 definitions too; then the fleet installs its own if `flux.install` is `true`.",
                spec.host.place.called()
            ),
        )
        .at(Path::to("flux")),
    )
}

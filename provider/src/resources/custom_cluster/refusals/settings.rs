//! Settings that are put into a cluster when it is made, and that nobody carries to one that exists.

use domain::mirrors::Mirrors;
use domain::node_setup::NodeSetup;
use schemas::resources::custom_cluster::CustomClusterModel;
use tf_value::diagnostic::Diagnostic;
use tf_value::model::ToRaw as _;
use tf_value::path::Path;

use super::ANEW;
use crate::resources::custom_cluster::node_setup::node_setup;
use crate::resources::custom_cluster::reader::Reader;

/// Where a setting is written, and whether two setups differ in it.
type Setting = (&'static [&'static str], fn(&NodeSetup, &NodeSetup) -> bool);

/// What kubeadm writes into the cluster once.
const SETTINGS: &[Setting] = &[
    (&["control_plane", "extra_sans"], |a, b| a.extra_sans != b.extra_sans),
    (&["control_plane", "renew_certificates"], |a, b| a.renew_certificates != b.renew_certificates),
    (&["network", "kube_proxy"], |a, b| a.kube_proxy != b.kube_proxy),
    (&["kubelet"], |a, b| a.kubelet != b.kubelet),
    (&["patches"], |a, b| a.patches != b.patches),
    (&["feature_gates"], |a, b| a.feature_gates != b.feature_gates),
    (&["image_repository"], |a, b| a.image_repository != b.image_repository),
    (&["extra_arguments"], |a, b| a.arguments != b.arguments),
    // Turning it off is refused in words of its own.
    (&["encryption_at_rest"], |a, b| !a.encryption_at_rest && b.encryption_at_rest),
    (&["audit_policy"], |a, b| a.audit_policy != b.audit_policy),
];

/// The settings that differ. What is not known yet is left for the apply.
pub(super) fn settings(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Vec<Diagnostic> {
    let setup = |model: &CustomClusterModel| node_setup(model, &Mirrors::default(), &mut Reader::default());
    let (Some(before), Some(after)) = (setup(prior), setup(wanted)) else { return Vec::new() };
    let raw = wanted.to_raw();
    let is_known = |names: &[&str]| {
        let mut at = raw.clone();
        for name in names {
            at = at.get(name).clone();
            if at.is_unknown() {
                return false;
            }
        }
        at.is_wholly_known()
    };
    let differ = SETTINGS.iter().filter(|(at, differs)| is_known(at) && differs(&before, &after));
    differ.map(|(at, _)| refused(at)).collect()
}

fn refused(names: &[&'static str]) -> Diagnostic {
    let mut path = Path::to(*names.first().unwrap_or(&""));
    for name in names.iter().skip(1) {
        path = path.attribute(*name);
    }
    Diagnostic::error(
        "Setting cannot be changed yet",
        format!(
            "`{}` is put into the cluster when it is made; a change is not carried to one that exists yet.\n\n{ANEW}",
            names.join(".")
        ),
    )
    .at(path)
}

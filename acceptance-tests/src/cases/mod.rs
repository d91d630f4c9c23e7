//! The claims, a file each.

pub mod drift;
pub mod flux_install;
pub mod frozen_states;
pub mod imports;
pub mod interrupted;
pub mod quickstart;
pub mod refused;
pub mod secrets;
pub mod unreachable;

use crate::case::Case;

/// A claim: its name as a test, the short name that its objects bear, and how it is checked.
pub struct Claim {
    /// The name of the test.
    pub name: &'static str,
    /// The short name, a DNS-1123 label.
    pub short: &'static str,
    /// How it is checked.
    pub check: fn(&Case<'_>) -> anyhow::Result<()>,
}

/// All claims, in the order in which they are checked.
pub fn all() -> Vec<Claim> {
    let claim = |name, short, check| Claim { name, short, check };
    vec![
        claim("bad_configuration_is_refused_by_validate", "invalid", refused::by_validate as fn(&Case<'_>) -> _),
        claim("bad_input_is_told_at_plan", "unplanned", refused::by_plan),
        claim("bad_kubeconfigs_are_told_at_apply", "kubeconfigs", refused::by_apply),
        claim("clusters_and_fleets_that_are_others_are_told_at_apply", "others", refused::others),
        claim("applications_that_flux_refuses_are_told_with_its_words", "broken", refused::by_flux),
        claim("quickstart_moves_with_a_label_and_leaves_nothing", "quickstart", quickstart::check),
        claim("a_killed_create_is_carried_on", "killed", interrupted::killed),
        claim("a_create_ended_by_ctrl_c_is_carried_on", "stopped", interrupted::stopped),
        claim("a_member_that_is_down_is_a_warning", "down", unreachable::down),
        claim("a_member_that_hangs_is_a_warning", "hangs", unreachable::hangs),
        claim("drift_is_planned_and_mended", "drift", drift::check),
        claim("everything_can_be_imported", "imported", imports::check),
        claim("no_secret_is_in_state_plan_or_logs", "secrets", secrets::check),
        claim("states_of_all_versions_plan_empty", "frozen", frozen_states::check),
        claim("flux_is_installed_and_removed", "flux", flux_install::check),
    ]
}

//! The claims, a file each.

mod credentials;
mod cut_anywhere;
mod drift;
mod faults;
mod flux_install;
mod frozen_states;
mod helm;
mod imports;
mod interrupted;
mod leaving;
mod machines;
mod quickstart;
mod refused;
mod release;
mod secrets;
mod unreachable;
mod workloads;

use machines::{everyday, findings, kills, power};

use crate::case::Case;

/// How a claim is checked.
pub type Check = fn(&Case<'_>) -> anyhow::Result<()>;

/// A claim: its name as a test, the short name that its objects bear, and how it is checked.
#[derive(Clone, Copy)]
pub struct Claim {
    /// The name of the test.
    pub name: &'static str,
    /// The short name, a DNS-1123 label.
    pub short: &'static str,
    /// Beside which others.
    pub beside: Beside,
    /// When.
    pub when: When,
    /// What it needs beside the lab.
    pub needs: Needs,
    /// How it is checked.
    pub check: Check,
}

/// When a claim is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every run.
    Always,
    /// When there is time: in this part of `make test-slow`, one of [`PARTS`].
    Slow(&'static str),
}

/// The parts of `make test-slow` that claims are in.
pub const PARTS: [&str; 5] = ["cuts", "faults", "leaving", "account", "machines"];

/// In the place of a part: all claims, those of every run, too.
pub const EVERYTHING: &str = "1";

impl When {
    /// Whether a claim is checked in a run of what takes long: of none of it, of one of [`PARTS`], or of [`EVERYTHING`].
    pub fn is_now(self, slow: Option<&str>) -> bool {
        match (self, slow) {
            (Self::Always, slow) => slow.is_none_or(|slow| slow == EVERYTHING),
            (Self::Slow(_), None) => false,
            (Self::Slow(part), Some(slow)) => slow == part || slow == EVERYTHING,
        }
    }
}

impl Claim {
    /// Why it cannot be checked by whoever runs this; none if it can.
    pub fn impossible(&self) -> Option<String> {
        match self.needs {
            Needs::Nothing => None,
            Needs::Account => {
                (!rustix::process::geteuid().is_root()).then(|| "only root can make an account".to_owned())
            }
            Needs::Machines => lab::machines::up::obstacle().map(|why| format!("machines: {why}")),
        }
    }
}

/// What a claim needs that is not to be had everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but the lab.
    Nothing,
    /// An account of the machine's.
    Account,
    /// The lab's machines.
    Machines,
}

/// Beside which other claims one can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It touches only what bears its own name.
    Any,
    /// It breaks a cluster, installs what all share, or uses the names of the example.
    None,
}

/// All claims, in the order in which they are checked.
///
/// Those that say nothing about a destroy leave their objects to the end of the lab: a destroy takes half a minute,
/// which is namespaces going one after the other.
pub fn all() -> Vec<Claim> {
    let claim = |name, short, beside, check| Claim {
        name,
        short,
        beside,
        when: When::Always,
        needs: Needs::Nothing,
        check,
    };
    let slow = |part, name, short, check| Claim {
        name,
        short,
        beside: Beside::None,
        when: When::Slow(part),
        needs: Needs::Nothing,
        check,
    };
    let on_machines =
        |name, short, check| Claim { needs: Needs::Machines, ..slow("machines", name, short, check) };
    vec![
        // The longest first.
        claim("what_flux_refuses_is_told_with_its_words", "broken", Beside::Any, refused::by_flux as Check),
        claim("a_request_cut_anywhere_is_carried_on", "cuts", Beside::Any, cut_anywhere::sample),
        claim("bad_configuration_is_refused_by_validate", "invalid", Beside::Any, refused::by_validate),
        claim("bad_input_is_told_at_plan", "unplanned", Beside::Any, refused::by_plan),
        claim("bad_kubeconfigs_are_told_at_apply", "kubeconfigs", Beside::Any, refused::by_apply),
        claim("references_that_lead_elsewhere_are_told_at_apply", "others", Beside::Any, refused::others),
        claim("a_chart_is_installed_upgraded_and_uninstalled", "chart", Beside::Any, helm::check),
        claim("everything_can_be_imported", "imported", Beside::Any, imports::check),
        claim("drift_is_planned_and_mended", "drift", Beside::Any, drift::check),
        claim("a_fleet_that_is_gone_is_told_and_made_anew", "gone", Beside::Any, drift::gone),
        claim("no_secret_is_in_state_plan_or_logs", "secrets", Beside::Any, secrets::check),
        claim(
            "credentials_open_the_cluster_and_are_not_stored",
            "creds",
            Beside::Any,
            credentials::ephemeral,
        ),
        claim("a_kubeconfig_as_data_is_stored_or_null", "kubedata", Beside::Any, credentials::stored),
        claim("what_has_no_credentials_is_refused", "nocreds", Beside::Any, credentials::refused),
        claim("states_of_all_versions_plan_empty", "frozen", Beside::Any, frozen_states::check),
        claim("a_mirror_with_checksums_installs_it", "mirrored", Beside::Any, release::mirrored),
        claim("a_modules_tests_with_mocks_need_no_cluster", "mocked", Beside::Any, release::mocked),
        claim(
            "quickstart_moves_with_a_label_and_leaves_nothing",
            "quickstart",
            Beside::None,
            quickstart::check,
        ),
        claim("a_killed_create_is_carried_on", "killed", Beside::None, interrupted::killed),
        claim("a_create_ended_by_ctrl_c_is_carried_on", "stopped", Beside::None, interrupted::stopped),
        claim("a_member_out_of_reach_is_a_warning", "away", Beside::None, unreachable::check),
        claim("flux_is_installed_and_removed", "flux", Beside::None, flux_install::check),
        slow("faults", "failing_clusters_cost_nobody_else_anything", "faults", faults::check as Check),
        slow("leaving", "members_go_alive_and_dead", "leaving", leaving::check),
        slow("cuts", "every_request_cut_in_every_way_is_carried_on", "everyway", cut_anywhere::all),
        Claim {
            needs: Needs::Account,
            ..slow("account", "a_clean_account_runs_the_quickstart", "clean", release::clean_account)
        },
        on_machines("what_stands_in_the_way_of_machines_is_found", "findings", findings::check),
        on_machines("a_cluster_on_machines_grows_shrinks_and_leaves_nothing", "everyday", everyday::check),
        on_machines("machines_without_power_are_named_and_come_back", "power", power::check),
        on_machines("a_provider_killed_on_machines_is_carried_on", "kills", kills::check),
        on_machines("no_secret_of_machines_is_left_or_shown", "hidden", machines::secrets::check),
        on_machines("a_cluster_on_machines_carries_a_fleet", "onsite", machines::fleet::check),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slow_claim_is_in_a_part_and_in_no_other_one() {
        for claim in all() {
            let parts = PARTS.into_iter().filter(|part| claim.when.is_now(Some(part))).count();
            let (is_slow, is_usual) = (claim.when != When::Always, claim.when.is_now(None));
            assert_eq!((parts, is_usual), (usize::from(is_slow), !is_slow), "{}", claim.name);
            assert!(claim.when.is_now(Some(EVERYTHING)), "{}", claim.name);
        }
        assert!(PARTS.iter().all(|part| all().iter().any(|claim| claim.when.is_now(Some(part)))));
    }
}

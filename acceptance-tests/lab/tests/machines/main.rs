//! Real machines on one network: who may log in, what can happen to them, and that nothing is left of them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a test")]

mod add_ons;
mod cluster;
mod faults;
mod footprint;
mod hosts;
mod services;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use lab::lab::Lab;
use lab::machines::up::{MachineOptions, obstacle};
use lab::parts::command::run_if_asked;
use lab::progress::Progress;
use libtest_mimic::{Arguments, Failed, Trial};

/// The lab of this run: started by the first test that wants it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Option<Lab>>>);

impl Shared {
    fn trial(&self, name: &str, obstacle: Option<&str>, claim: fn(&Lab) -> anyhow::Result<()>) -> Trial {
        let (shared, obstacle) = (self.clone(), obstacle.map(str::to_owned));
        // As everywhere here: nothing is skipped where nobody would see it.
        let ignored = obstacle.is_some() && !is_set("CI");
        Trial::test(name, move || {
            if let Some(why) = obstacle {
                return Err(Failed::from(format!("skipped: {why}")));
            }
            shared.check(claim).map_err(|error| Failed::from(format!("{error:#}")))
        })
        .with_ignored_flag(ignored)
    }

    fn check(&self, claim: fn(&Lab) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut lab = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lab = match lab.as_ref() {
            Some(there) => there,
            None => lab.insert(Lab::ephemeral_machines(&options())?),
        };
        claim(lab)
    }
}

fn options() -> MachineOptions {
    MachineOptions { progress: Progress::to(|line| println!("{line}")), ..MachineOptions::default() }
}

/// Whether a variable is set, and not to say no.
#[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the environment")]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn main() -> ExitCode {
    if let Some(code) = run_if_asked() {
        return code;
    }
    if !is_set("KURATOR_SLOW") {
        println!("left to `make test-slow`: machines");
        return ExitCode::SUCCESS;
    }
    let obstacle = obstacle();
    if let Some(why) = &obstacle {
        println!("skipped: machines: {why}");
    }
    let shared = Shared::default();
    let mut arguments = Arguments::from_args();
    // One lab, one test at a time: some of them break it.
    arguments.test_threads = Some(1);
    let trial = |name, claim| shared.trial(name, obstacle.as_deref(), claim);
    let tests = vec![
        trial("admin_logs_in_and_may_do_everything", hosts::admin),
        trial("a_machine_is_a_server_without_a_container_runtime", hosts::server),
        trial("packets_of_machines_stay_here", hosts::walls),
        trial("the_mirror_has_binaries_with_their_sums_where_their_projects_have_them", services::mirror),
        trial("the_mirror_has_archives_with_what_they_are_named_after", services::archives),
        trial("a_file_of_the_mirror_can_be_replaced_for_a_while", services::tampered),
        trial("the_registry_has_the_images_of_a_control_plane", services::registry),
        trial("the_stand_ins_chart_takes_what_each_network_is_told", add_ons::chart),
        trial("flux_is_there_as_images_and_manifests", add_ons::flux),
        trial("a_second_up_adds_machines_and_restarts_none", hosts::grow),
        trial("two_labs_have_two_networks", hosts::side_by_side),
        trial("a_partitioned_machine_is_away_and_comes_back", faults::partition),
        trial("a_frozen_machine_accepts_and_does_not_answer", faults::freeze),
        trial("a_machine_without_power_keeps_its_files_and_no_rules", faults::power),
        trial("a_machine_reboots_in_order", faults::reboot),
        trial("a_cluster_can_be_made_by_hand", cluster::by_hand),
        trial("control_planes_answer_on_the_bridge_too", add_ons::both_tiers),
    ];
    let conclusion = libtest_mimic::run(&arguments, tests);
    let lab = shared.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match lab.map_or(Ok(()), footprint::down_leaves_nothing) {
        Ok(()) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("taking the machines down: {error:#}");
            ExitCode::FAILURE
        }
    }
}

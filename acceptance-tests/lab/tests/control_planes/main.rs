//! One real lab with two clusters: what it does, how it breaks, how it heals, and that nothing is left of it.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "this is a test")]

mod cuts;
mod faults;
mod footprint;
mod workloads;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use lab::lab::Lab;
use lab::parts::command::run_if_asked;
use lab::progress::Progress;
use lab::up::UpOptions;
use libtest_mimic::{Arguments, Failed, Trial};

/// The lab of this run: started by the first test that wants it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Option<Lab>>>);

impl Shared {
    /// Makes a test of a claim about the lab.
    fn trial(&self, name: &str, claim: fn(&Lab) -> anyhow::Result<()>) -> Trial {
        let shared = self.clone();
        Trial::test(name, move || {
            let mut lab = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lab.is_none() {
                *lab = Some(Lab::ephemeral(&options()).map_err(|error| Failed::from(format!("{error:#}")))?);
            }
            claim(lab.as_ref().expect("it was just started"))
                .map_err(|error| Failed::from(format!("{error:#}")))
        })
    }
}

fn options() -> UpOptions {
    UpOptions { progress: Progress::to(|line| println!("{line}")), ..UpOptions::default() }
}

fn main() -> ExitCode {
    if let Some(code) = run_if_asked() {
        return code;
    }
    let shared = Shared::default();
    let mut arguments = Arguments::from_args();
    // One lab, one test at a time: some of them break it.
    arguments.test_threads = Some(1);
    let tests = vec![
        shared.trial("clusters_are_told_apart_by_uid_token_and_authority", workloads::clusters_differ),
        shared.trial("a_deployment_rolls_out_and_one_with_a_broken_image_does_not", workloads::deployments),
        shared.trial("a_namespace_goes_when_it_is_deleted", workloads::namespaces),
        shared.trial("flux_applies_from_git_from_the_registry_and_from_charts", workloads::flux),
        shared.trial("flux_manifests_are_the_same_each_time", workloads::flux_manifests),
        shared.trial("a_killed_cluster_is_away_and_comes_back_with_its_data", faults::kill),
        shared.trial("a_frozen_cluster_does_not_answer_until_it_is_healed", faults::freeze),
        shared.trial("a_refusing_cluster_breaks_connections_and_accepts_none", faults::refuse),
        shared.trial("a_slow_cluster_answers_late", faults::slow),
        shared.trial("a_cluster_that_denies_answers_401_or_403", faults::denials),
        shared.trial("another_cluster_can_answer_at_the_same_address", faults::swap),
        shared.trial("what_the_provider_asks_is_logged_and_counted", cuts::log),
        shared.trial("a_request_cut_before_is_not_carried_out_and_one_cut_after_is", cuts::ways),
        shared.trial("a_held_request_is_carried_out_and_ends_when_the_cut_is_lifted", cuts::hold),
        shared.trial("a_part_can_be_killed_frozen_and_healed", faults::parts),
        shared.trial("a_part_that_does_not_come_up_is_shown_with_its_last_lines", faults::last_lines),
        shared.trial("a_second_up_is_quick_and_restarts_nothing", footprint::second_up),
        shared.trial("everything_listens_on_loopback_only", footprint::loopback_only),
        shared.trial("no_token_is_in_logs_records_or_arguments", footprint::no_secrets),
        shared.trial("files_are_for_their_owner_only", footprint::modes),
        Trial::test("two_labs_run_side_by_side_and_leave_nothing", || {
            footprint::side_by_side().map_err(|error| Failed::from(format!("{error:#}")))
        }),
    ];
    let conclusion = libtest_mimic::run(&arguments, tests);
    let lab = shared.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match lab.map_or(Ok(()), footprint::down_leaves_nothing) {
        Ok(()) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("taking the lab down: {error:#}");
            ExitCode::FAILURE
        }
    }
}

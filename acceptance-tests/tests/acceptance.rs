//! All claims under terraform and under tofu, on one lab.
//!
//! Names are `HOST::CLAIM`; a filter is an argument, as with any test. `KURATOR_PROVIDER_BINARY` names another binary
//! than the one that was built, `KURATOR_KEEP_WORKSPACES` a folder for the workspaces of claims that do not hold.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "this is a test program: it reports to a person, and ends at once when that person says so"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use acceptance_tests::case::Case;
use acceptance_tests::cases;
use acceptance_tests::environment;
use acceptance_tests::host::{Host, Kind};
use acceptance_tests::process;
use acceptance_tests::site::Site;
use acceptance_tests::table::Row;
use lab::lab::Lab;
use lab::parts::command::run_if_asked;
use lab::progress::Progress;
use libtest_mimic::{Arguments, Failed, Trial};

/// What all claims share: started by the first one that wants it.
#[derive(Clone, Default)]
struct Shared {
    site: Arc<Mutex<Option<Site>>>,
    rows: Arc<Mutex<Vec<Row>>>,
    /// Where the lab is, for whoever has to end it without waiting for the claim that uses it.
    lab: Arc<Mutex<Option<PathBuf>>>,
}

impl Shared {
    fn check(&self, host: &Host, claim: &cases::Claim) -> Result<(), Failed> {
        let mut site = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: anyhow::Error| Failed::from(format!("{error:#}"));
        if site.is_none() {
            let opened = Site::open(Progress::to(|line| println!("{line}"))).map_err(failed)?;
            *self.lab.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.lab.dir().to_owned());
            *site = Some(opened);
        }
        let Some(site) = site.as_ref() else { unreachable!("it was just started") };
        let begun = Instant::now();
        // A claim that panics must not keep the lab from going down: the lock is taken again afterwards.
        let outcome = Case::new(site, host, claim.short).check(claim.check);
        let row = Row {
            case: claim.name.to_owned(),
            host: host.to_string(),
            held: outcome.is_ok(),
            took: begun.elapsed(),
        };
        println!("{row}");
        if let Err(error) = &outcome {
            // At once: the summary comes after the last claim, and a run may be ended before.
            println!("{error:#}");
        }
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        outcome.map_err(failed)
    }

    fn trial(&self, host: &Host, claim: cases::Claim) -> Trial {
        let (shared, host) = (self.clone(), host.clone());
        Trial::test(format!("{}::{}", host.kind.name(), claim.name), move || shared.check(&host, &claim))
    }

    /// Ends the lab, and all that was started, at Ctrl-C.
    fn end_at_interrupt(&self) {
        let lab = Arc::clone(&self.lab);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
                return;
            }
            process::end_all();
            let dir = lab.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(dir) = dir
                && let Err(error) = Lab::down_if_there(Some(&dir), &Progress::silent())
            {
                eprintln!("taking the lab down: {error:#}");
            }
            std::process::exit(130);
        });
    }
}

fn main() -> ExitCode {
    if let Some(code) = run_if_asked() {
        return code;
    }
    let shared = Shared::default();
    let mut arguments = Arguments::from_args();
    // One lab, one claim at a time: some of them break it.
    arguments.test_threads = Some(1);
    let mut trials = Vec::new();
    for kind in [Kind::Terraform, Kind::Tofu] {
        match Host::find(kind, &Progress::to(|line| println!("{line}"))) {
            Ok(Some(host)) => trials.extend(cases::all().into_iter().map(|claim| shared.trial(&host, claim))),
            Ok(None) => {
                println!("skipped: {} is not on the PATH", kind.name());
                let may_skip = !environment::is_ci();
                trials.extend(cases::all().into_iter().map(|claim| missing(kind, claim.name, may_skip)));
            }
            Err(error) => {
                eprintln!("finding {}: {error:#}", kind.name());
                return ExitCode::FAILURE;
            }
        }
    }
    shared.end_at_interrupt();
    let begun = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let rows = shared.rows.lock().unwrap_or_else(PoisonError::into_inner);
    if rows.len() > 1 {
        rows.iter().for_each(|row| println!("{row}"));
        println!("{} claims in {:.0} s", rows.len(), begun.elapsed().as_secs_f64());
    }
    // Dropping it takes the lab down.
    drop(shared.site.lock().unwrap_or_else(PoisonError::into_inner).take());
    conclusion.exit_code()
}

/// A claim under a host that is not there: ignored, but for runs in which nothing may be skipped.
fn missing(kind: Kind, claim: &str, may_skip: bool) -> Trial {
    let reason = format!("skipped: {} is not on the PATH", kind.name());
    Trial::test(format!("{}::{claim}", kind.name()), move || Err(Failed::from(reason))).with_ignored_flag(may_skip)
}

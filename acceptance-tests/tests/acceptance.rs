//! All claims under terraform and under tofu, on one lab.
//!
//! Names are `HOST::CLAIM`; a filter is an argument, as with any test. `KURATOR_PROVIDER_BINARY` names another binary
//! than the one that was built, `KURATOR_KEEP_WORKSPACES` a folder for the workspaces of claims that do not hold.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "this is a test program: it reports to a person, and ends at once when that person says so"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use acceptance_tests::case::Case;
use acceptance_tests::cases::{self, Beside, Claim};
use acceptance_tests::environment;
use acceptance_tests::host::{Host, Kind};
use acceptance_tests::process;
use acceptance_tests::site::Site;
use acceptance_tests::table::Row;
use lab::lab::Lab;
use lab::parts::command::run_if_asked;
use lab::progress::Progress;
use libtest_mimic::{Arguments, Failed, Trial};

/// What all claims share: the lab is started by the first one that wants it.
#[derive(Clone, Default)]
struct Shared {
    site: Arc<Mutex<Option<Arc<Site>>>>,
    rows: Arc<Mutex<Vec<Row>>>,
    /// Held by all who are at work: for writing by those who must be alone.
    at_work: Arc<RwLock<()>>,
    /// Where the lab and the workspaces are, for whoever has to end them without waiting for the claims that use them.
    folders: Arc<Mutex<Option<[PathBuf; 2]>>>,
}

impl Shared {
    fn site(&self) -> anyhow::Result<Arc<Site>> {
        let mut site = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = &*site {
            return Ok(Arc::clone(site));
        }
        let opened = Arc::new(Site::open(Progress::to(|line| println!("{line}")))?);
        let folders = [opened.lab.dir().to_owned(), opened.scratch().to_owned()];
        *self.folders.lock().unwrap_or_else(PoisonError::into_inner) = Some(folders);
        *site = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn check(&self, host: &Host, claim: Claim) -> Result<(), Failed> {
        let site = self.site().map_err(|error| Failed::from(format!("{error:#}")))?;
        let (_company, _alone);
        match claim.beside {
            Beside::Any => _company = self.at_work.read().unwrap_or_else(PoisonError::into_inner),
            Beside::None => _alone = self.at_work.write().unwrap_or_else(PoisonError::into_inner),
        }
        let begun = Instant::now();
        let outcome = Case::new(&site, host, claim).check();
        let row = Row {
            case: claim.name.to_owned(),
            host: host.to_string(),
            held: outcome.is_ok(),
            took: begun.elapsed(),
        };
        if let Err(error) = &outcome {
            // At once: the summary comes after the last claim, and a run may be ended before.
            println!("{row}\n{error:#}");
        }
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        outcome.map_err(|error| Failed::from(format!("{error:#}")))
    }

    fn trial(&self, host: &Host, claim: Claim) -> Trial {
        let (shared, host) = (self.clone(), host.clone());
        Trial::test(format!("{}::{}", host.kind.name(), claim.name), move || shared.check(&host, claim))
    }

    /// Ends the lab, and all that was started, at Ctrl-C. A lab that is only on its way up goes with the next run.
    fn end_at_interrupt(&self) {
        let folders = Arc::clone(&self.folders);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
                return;
            }
            process::end_all();
            if let Some([lab, scratch]) = folders.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                if let Err(error) = Lab::down_if_there(Some(&lab), &Progress::silent()) {
                    eprintln!("taking the lab down: {error:#}");
                }
                if let Err(error) = std::fs::remove_dir_all(&scratch) {
                    eprintln!("removing {}: {error}", scratch.display());
                }
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
    // Most of a claim is waiting, so some at a time take little longer than one.
    arguments.test_threads = Some(3);
    let mut trials = Vec::new();
    let slow = environment::slow();
    if let Some(part) = &slow
        && part != cases::EVERYTHING
        && !cases::PARTS.contains(&part.as_str())
    {
        eprintln!("KURATOR_SLOW is {part:?}, and is one of {:?}, or {:?}", cases::PARTS, cases::EVERYTHING);
        return ExitCode::FAILURE;
    }
    let (claims, left): (Vec<_>, Vec<_>) =
        cases::all().into_iter().partition(|claim| claim.when.is_now(slow.as_deref()));
    if slow.is_none() {
        let names: Vec<&str> = left.iter().map(|claim| claim.name).collect();
        println!("left to `make test-slow`: {}", names.join(", "));
    }
    for kind in [Kind::Terraform, Kind::Tofu] {
        match Host::find(kind, &Progress::to(|line| println!("{line}"))) {
            Ok(Some(host)) => trials.extend(claims.iter().map(|claim| {
                let trial = match claim.impossible() {
                    Some(why) => {
                        println!("skipped: {}::{}: {why}", kind.name(), claim.name);
                        skipped(kind, claim.name, &why)
                    }
                    None => shared.trial(&host, *claim),
                };
                (claim.beside, trial)
            })),
            Ok(None) => {
                let why = format!("{} is not on the PATH", kind.name());
                println!("skipped: {why}");
                trials.extend(claims.iter().map(|claim| (claim.beside, skipped(kind, claim.name, &why))));
            }
            Err(error) => {
                eprintln!("finding {}: {error:#}", kind.name());
                return ExitCode::FAILURE;
            }
        }
    }
    // First what can be done side by side, so that nobody waits for somebody who must be alone.
    trials.sort_by_key(|(beside, _)| *beside == Beside::None);
    let trials = trials.into_iter().map(|(_, trial)| trial).collect();
    shared.end_at_interrupt();
    let begun = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut rows = shared.rows.lock().unwrap_or_else(PoisonError::into_inner);
    if rows.len() > 1 {
        rows.sort_by(|one, other| (&one.case, &one.host).cmp(&(&other.case, &other.host)));
        println!();
        rows.iter().for_each(|row| println!("{row}"));
        println!("{} claims in {:.0} s", rows.len(), begun.elapsed().as_secs_f64());
    }
    // Dropping it takes the lab down.
    drop(shared.site.lock().unwrap_or_else(PoisonError::into_inner).take());
    conclusion.exit_code()
}

/// A claim that cannot be checked here: ignored, but for runs in which nothing may be skipped.
fn skipped(kind: Kind, claim: &str, why: &str) -> Trial {
    let reason = format!("skipped: {why}");
    Trial::test(format!("{}::{claim}", kind.name()), move || Err(Failed::from(reason)))
        .with_ignored_flag(!environment::is_ci())
}

//! Whatever request of an operation is cut, and however, the next apply carries on.

use anyhow::ensure;

use crate::case::Case;
use crate::cuts::{Cutter, End, Ground, HEAD, Operation, Row, Subject, every, spread};
use crate::page::Page;

/// What stands above the second part of the page.
const INTERRUPTED: &str = "\
## Interrupted

The same with one and with two Ctrl-C at moments that are spread over what create, update and destroy ask.

";

/// How often each resource is interrupted, once and twice.
const MOMENTS: usize = 10;

/// What came of it.
static PAGE: Page = Page::new(
    "cuts.md",
    "\
# Cut anywhere

<!-- Written by `make test-slow`. -->

What came of it when every mutating request of an operation was cut, in each of three ways: before it reaches the
cluster, after it is carried out but before the provider learns of it, and the same with the provider killed
(`SIGKILL`) right then. After each cut, one plain apply follows. It is *resumed* if that goes through, *by import* if it
asks for an import first (the create was over but for its answer), and *converged* if a plan and a refresh-only plan are
empty then. *Extra deletes* are of objects that an uncut run does not delete, *left over* is what is on the clusters after
a destroy. COMMIT.
",
);

/// One cut of each operation: each time of another request, in another way.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn sample(case: &Case<'_>) -> anyhow::Result<()> {
    on_ground(case, |cutter| {
        let operations = operations(&Operation::ALL);
        let rows = cutter.cut(&operations, |uncut| {
            let of = |place: usize| {
                let its: Vec<_> = every(uncut, &[End::CUTS[place % End::CUTS.len()]])
                    .into_iter()
                    .filter(|cutting| cutting.of == place)
                    .collect();
                its.into_iter().cycle().nth(place)
            };
            (0..uncut.len()).filter_map(of).collect()
        })?;
        hold(case, &rows)
    })
}

/// Every mutating request, in each way; and Ctrl-C at moments that are spread over what is asked.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn all(case: &Case<'_>) -> anyhow::Result<()> {
    on_ground(case, |cutter| {
        let mut rows = cutter
            .changes_nothing(Subject::ALL[0], &[Operation::Create, Operation::Update, Operation::Destroy])?;
        rows.extend(cutter.cut(&operations(&Operation::ALL), |uncut| every(uncut, &End::CUTS))?);
        let interrupted = [Operation::Create, Operation::Update, Operation::Destroy];
        let mut by_hand = Vec::new();
        for subject in makers() {
            for end in End::INTERRUPTS {
                let of_it: Vec<_> = interrupted.iter().map(|operation| (subject, *operation)).collect();
                let mut rows = cutter.cut(&of_it, |uncut| spread(every(uncut, &[end]), MOMENTS))?;
                for row in &mut rows {
                    row.operation = format!("{}, {}", row.operation, end.name());
                }
                by_hand.extend(rows);
            }
        }
        PAGE.add(HEAD, &lines(&rows))?;
        PAGE.add(&format!("{INTERRUPTED}{HEAD}"), &lines(&by_hand))?;
        for row in &rows {
            let (tried, requests) = (row.tried.len(), row.requests);
            ensure!(tried == End::CUTS.len() * requests, "{tried} cuts of {requests} requests: {row:?}");
        }
        rows.extend(by_hand);
        hold(case, &rows)
    })
}

/// The resources that make something on clusters.
fn makers() -> impl Iterator<Item = Subject> {
    Subject::ALL.into_iter().skip(1)
}

fn operations(operations: &[Operation]) -> Vec<(Subject, Operation)> {
    makers().flat_map(|subject| operations.iter().map(move |operation| (subject, *operation))).collect()
}

/// Does the work on two attached clusters and a fleet of both, and checks that nothing of it is left.
fn on_ground(case: &Case<'_>, work: impl FnOnce(&Cutter<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.workspace()?;
    let ground = Ground::make(case.site, &workspace, &case.name)?;
    work(&Cutter::new(case.site, case.host, &ground, &format!("{}-x", case.name)))?;
    workspace.destroy()?;
    case.is_as_it_was(&before)
}

fn lines(rows: &[Row]) -> String {
    rows.iter().map(Row::line).collect()
}

/// Shows the table, and checks that all is as it has to be.
fn hold(case: &Case<'_>, rows: &[Row]) -> anyhow::Result<()> {
    let table = lines(rows);
    let trouble: String = rows.iter().map(Row::trouble).collect();
    case.site.say(&format!("{HEAD}{table}"));
    ensure!(trouble.is_empty(), "{HEAD}{table}\n{trouble}");
    Ok(())
}

//! The provider is killed after every kind of step, on real machines: the next apply carries on.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::case::Case;
use crate::machines::footprint::Footprint;
use crate::machines::ground::{CONTROL_PLANE, Ground, Place, WORKERS, on_fresh_machines};
use crate::page::Page;
use crate::process::Running;
use crate::wait::until;
use crate::workspace::Logs;

/// How long it may take until a moment is met.
const PATIENCE: Duration = Duration::from_mins(5);

/// What came of it.
static PAGE: Page = Page::new(
    "killed.md",
    "\
# Killed on machines

<!-- Written by `make test-slow`. -->

The provider is killed (`SIGKILL`) at one moment of an operation after the other, on real machines: each line is a kill in
the apply that carried on after the one above it. The moment is known by what stands on the machine. *Met after* is
counted from the beginning of that apply; what was begun goes on by itself on a machine, so a moment that is met before the
lease of the apply above is over (up to 20 s) may have been met while this one still waited. After the last line one plain
apply (or destroy) ends the operation, a plan and a refresh-only plan are empty, and what is below the table holds. COMMIT.
",
);

/// A pod that takes a while to go.
const SLOW_TO_GO: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/custom_cluster/slow_to_go.yaml"));

/// The head of the table.
const HEAD: &str = "\
| operation | machine | killed when | met after |
| --- | --- | --- | --: |
";

/// A moment of an operation: what is to be seen of it.
struct Moment {
    words: &'static str,
    machine: &'static str,
    sign: Sign,
}

/// What is to be seen.
enum Sign {
    /// A file is there.
    There(&'static str),
    /// A file is there and holds a text.
    Holds(&'static str, &'static str),
    /// A file is gone.
    Gone(&'static str),
    /// A node takes no pods.
    Cordoned(&'static str),
}

/// Those of a machine's own making, on its way to be a node.
fn prepared(machine: &'static str, words: [&'static str; 4]) -> Vec<Moment> {
    let signs = [
        Sign::There("/etc/kurator/owner"),
        Sign::There("/var/lib/kurator/download"),
        Sign::Holds("/etc/kurator/installed", "kubectl"),
        Sign::There("/etc/kurator/preparation"),
    ];
    words.into_iter().zip(signs).map(|(words, sign)| Moment { words, machine, sign }).collect()
}

/// What is to be seen of a worker's join, which goes on by itself on the machine when the provider is killed: of one join
/// only the first of these is met.
const BEGUN: Sign = Sign::There("/var/log/kurator/join.log");
const CREDENTIALS: Sign = Sign::There("/etc/kubernetes/kubelet.conf");
const OVER: Sign = Sign::There("/etc/kurator/run/join.done");

/// Those of a create.
fn create() -> Vec<Moment> {
    let machine = CONTROL_PLANE.1;
    let moment = |words, sign| Moment { words, machine, sign };
    let own =
        ["the machine bears its mark", "downloads have begun", "everything is installed", "it is prepared"];
    let mut moments = prepared(machine, own);
    moments.extend([
        moment("`kubeadm init` has begun", Sign::There("/var/log/kurator/init.log")),
        moment("the authority is there", Sign::There("/etc/kubernetes/pki/ca.crt")),
        moment("the administrator's credentials are there", Sign::There("/etc/kubernetes/admin.conf")),
        moment("etcd has its data", Sign::There("/var/lib/etcd/member")),
        moment("`kubeadm init` is over", Sign::There("/etc/kurator/run/init.done")),
        Moment { words: "a worker's join has begun", machine: WORKERS[0].1, sign: BEGUN },
        moment("the pod network is there", Sign::There("/etc/cni/net.d/10-lab-cni-stand-in.conflist")),
    ]);
    moments
}

/// Those of a worker that is added.
fn add() -> Vec<Moment> {
    let own = [
        "the worker bears its mark",
        "its downloads have begun",
        "its programs are installed",
        "it is prepared",
    ];
    let mut moments = prepared(WORKERS[1].1, own);
    moments.push(Moment { words: "its join is over", machine: WORKERS[1].1, sign: OVER });
    moments
}

/// Those of a machine that goes back to what it was.
fn cleaned(machine: &'static str) -> Vec<Moment> {
    let moment = |words, sign| Moment { words, machine, sign };
    vec![
        moment("the kubelet has no credentials any more", Sign::Gone("/etc/kubernetes/kubelet.conf")),
        moment("its programs are going", Sign::Gone("/usr/local/bin/kubelet")),
        moment("it is clean", Sign::Gone("/etc/kurator")),
    ]
}

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 3, |ground| {
        let machines = [CONTROL_PLANE.1, WORKERS[0].1, WORKERS[1].1];
        let before: Vec<_> =
            machines.iter().map(|machine| Footprint::of(ground, machine)).collect::<anyhow::Result<_>>()?;
        let mut rows = String::new();
        let one: &[Place] = &WORKERS[..1];

        ground.configure(one)?;
        killed(ground, "create", &["apply"], &create(), &mut rows)?;
        is_right(ground, one).context("create")?;

        ground.configure(&WORKERS)?;
        killed(ground, "join", &["apply"], &add(), &mut rows)?;
        is_right(ground, &WORKERS).context("join")?;

        ground.configure(one)?;
        ground.kubectl(&format!("apply -f - <<'E'\n{SLOW_TO_GO}\nE"))?;
        ground.kubectl("wait pod/slow-to-go --for=condition=Ready --timeout=120s")?;
        let mut remove = vec![Moment {
            words: "the node takes no pods and is drained",
            machine: CONTROL_PLANE.1,
            sign: Sign::Cordoned(WORKERS[1].0),
        }];
        remove.extend(cleaned(WORKERS[1].1));
        killed(ground, "remove", &["apply"], &remove, &mut rows)?;
        is_right(ground, one).context("remove")?;
        before[2].holds(ground).context("remove")?;

        ground.configure(&WORKERS)?;
        let again =
            [Moment { words: "its kubelet has credentials", machine: WORKERS[1].1, sign: CREDENTIALS }];
        killed(ground, "join again", &["apply"], &again, &mut rows)?;
        is_right(ground, &WORKERS).context("join again")?;

        let inits = ground.starts(CONTROL_PLANE.1, "kurator-init.service")?;
        let joins = ground.starts(WORKERS[0].1, "kurator-join.service")?;
        let mut destroy = cleaned(WORKERS[0].1);
        destroy.extend(cleaned(CONTROL_PLANE.1));
        killed(ground, "destroy", &["destroy"], &destroy, &mut rows)?;
        for before in &before {
            before.holds(ground).context("destroy")?;
        }
        let heading = format!("## Under {}\n\n{HEAD}", case.host);
        let end = format!(
            "\nBy the hosts' own journals `kubeadm init` was started {inits} time(s), and the first worker's join {joins}. \
             After the destroy every machine is as it was.\n"
        );
        case.site.say(&format!("{heading}{rows}{end}"));
        PAGE.add(&heading, &format!("{rows}{end}"))?;
        ensure!(inits == 1, "`kubeadm init` ran {inits} times");
        Ok(())
    })
}

/// Runs the operation, killed at each moment in turn, and then to its end.
fn killed(
    ground: &Ground<'_>,
    operation: &str,
    command: &[&str],
    moments: &[Moment],
    rows: &mut String,
) -> anyhow::Result<()> {
    for moment in moments {
        let met =
            killed_at(ground, command, moment).with_context(|| format!("{operation}: {}", moment.words))?;
        let met = met.map_or_else(
            || "passed before the apply above was killed".to_owned(),
            |after| format!("{:.1} s", after.as_secs_f64()),
        );
        writeln!(rows, "| {operation} | {} | {} | {met} |", moment.machine, moment.words)?;
    }
    let mut command = command.to_vec();
    command.extend(["-json", "-auto-approve"]);
    ground.workspace.run(&command)?.ended_with(0).with_context(|| format!("{operation}, carried on"))?;
    Ok(())
}

/// Kills the provider as soon as the moment is seen; none if it was there before.
fn killed_at(ground: &Ground<'_>, command: &[&str], moment: &Moment) -> anyhow::Result<Option<Duration>> {
    if is_seen(ground, moment)? {
        return Ok(None);
    }
    let mut words = command.to_vec();
    words.extend(["-json", "-auto-approve"]);
    let begun = Instant::now();
    let mut running = ground.workspace.start(&words, Logs::Off)?;
    let met = until(moment.words, PATIENCE, || {
        if is_seen(ground, moment)? {
            return Ok(Some(Some(begun.elapsed())));
        }
        Ok((!running.is_alive()?).then_some(None))
    })?;
    let Some(after) = met else {
        let finished = running.wait(PATIENCE)?;
        // Between two looks it may have been seen and gone.
        bail!("it was over before that was seen\n{}", finished.in_words());
    };
    kill(&mut running, ground)?;
    let finished = running.wait(PATIENCE)?;
    ensure!(finished.code == Some(1), "it did not fail\n{}", finished.in_words());
    Ok(Some(after))
}

/// Kills the provider, and each that the host starts after it, until the host ends. What an apply that was killed had begun
/// goes on by itself, so its moment may be met before the host has started the provider anew, or while one ends that it
/// only asked for its schema.
fn kill(running: &mut Running, ground: &Ground<'_>) -> anyhow::Result<()> {
    let mut killed = 0;
    until("the host ends", PATIENCE, || {
        killed += running.kill_descendants(ground.workspace.provider())?;
        Ok((!running.is_alive()?).then_some(()))
    })?;
    ensure!(killed > 0, "the host ended without a provider to kill");
    Ok(())
}

fn is_seen(ground: &Ground<'_>, moment: &Moment) -> anyhow::Result<bool> {
    let file = |path: &str| ground.file(moment.machine, path);
    Ok(match &moment.sign {
        Sign::There(path) => file(path).symlink_metadata().is_ok(),
        Sign::Gone(path) => file(path).symlink_metadata().is_err(),
        Sign::Holds(path, text) => {
            std::fs::read_to_string(file(path)).is_ok_and(|content| content.contains(text))
        }
        Sign::Cordoned(node) => {
            let said = ground.kubectl(&format!(
                "get node {node} -o jsonpath='{{.spec.unschedulable}}' --ignore-not-found"
            ))?;
            said.trim() == "true"
        }
    })
}

/// The cluster is in order with these workers.
fn is_right(ground: &Ground<'_>, workers: &[Place]) -> anyhow::Result<()> {
    ground.is_in_order()?;
    ground.nodes_are(workers)
}

//! Running a Job to its end, and clearing up after it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engines::bootstrap::{BootstrapJob, JobState};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::documents::Document;
use crate::errors::said;
use crate::event::{self, Event};
use crate::job::{self, Job};
use crate::job_pod::{self, JobPod, Obstacle, Sort};
use crate::metadata::{AnyObject, List};
use crate::pod;

const DOING: &str = "running";

/// How many of the last lines of a container are told.
const LINES: usize = 15;

/// How long it may take to ask for the log of a Job that failed: it is the kubelet that has it.
const LOG: Duration = Duration::from_secs(15);

/// How a Job came to its end, or why nobody waits for it any longer.
#[derive(Debug)]
enum End {
    Complete,
    /// In the Job controller's words.
    Failed(String),
    /// Its pod does not start, and why.
    Stuck(String),
}

/// What keeps the Job's pod from starting, since when.
struct Stuck {
    since: Instant,
    /// The pod, or nothing while there is none.
    pod: String,
    obstacle: Obstacle,
}

impl KubeCluster {
    pub(crate) async fn run_to_end(&self, wanted: &BootstrapJob, limits: &Limits) -> Result<(), EngineError> {
        let ended = match self.start(wanted, limits).await {
            Ok(()) => self.wait_end(wanted, limits).await,
            Err(error) => Err(error),
        };
        // The log before all else: it goes with the pod.
        let (keeps, outcome) = match ended {
            Ok(End::Complete) => (false, Ok(())),
            Ok(End::Failed(why)) => (true, Err(self.failure(wanted, &why, limits).await)),
            Ok(End::Stuck(words)) => {
                let text = format!("its pod does not start: {words}");
                (false, Err(said(DOING, target(wanted), Kind::Rejected, text)))
            }
            Err(error) => (true, Err(error)),
        };
        let cleared = self.clear(wanted, keeps, &limits.afterwards()).await;
        if let (Err(_), Err(left)) = (&outcome, &cleared) {
            // What failed says more than what is left of it, which goes with the next run.
            tracing::warn!(error = left.chain(), "something of a Job that did not end well is left");
        }
        outcome.and(cleared)
    }

    /// Puts everything in place. One that is at work goes on; one whose pod does not start is made anew, because what
    /// was wrong with it may have been changed.
    async fn start(&self, wanted: &BootstrapJob, limits: &Limits) -> Result<(), EngineError> {
        let jobs = job::collection(&wanted.namespace);
        let found = self.find::<Job>(&jobs, &wanted.name, Extent::Whole, limits).await?;
        let goes_on = match &found {
            Some(found) => {
                found.state() == JobState::Active
                    && !found.metadata.is_deleting()
                    && self.obstacle(wanted, limits).await?.1.is_none()
            }
            None => false,
        };
        if let Some(found) = &found
            && !goes_on
        {
            self.delete_with_dependents(&jobs, &wanted.name, &found.metadata.uid, limits).await?;
        }
        let mut bodies: Vec<&Value> = wanted.base.iter().collect();
        bodies.extend([&wanted.binding, &wanted.secret]);
        if !goes_on {
            bodies.push(&wanted.job);
        }
        let documents = Document::all(bodies)?;
        let served = self.kinds_of(&documents, limits).await?;
        for document in &documents {
            let Some(collection) = served.collection(document) else { return Err(document.unserved()) };
            self.put_document(&collection, document, limits).await?;
        }
        Ok(())
    }

    async fn wait_end(&self, wanted: &BootstrapJob, limits: &Limits) -> Result<End, EngineError> {
        let jobs = job::collection(&wanted.namespace);
        let (target, stuck) = (target(wanted), Mutex::new(None));
        until("waiting for the end of", &target, Pace::CLOSE, limits, || async {
            let Some(job) = self.find::<Job>(&jobs, &wanted.name, Extent::Whole, limits).await? else {
                let text = "somebody removed it before it ended";
                return Err(said(DOING, target.as_str(), Kind::Rejected, text));
            };
            match job.state() {
                JobState::Complete => return Ok(Seen::Ready(End::Complete)),
                JobState::Failed => return Ok(Seen::Ready(End::Failed(job.why()))),
                JobState::Active | JobState::Absent => {}
            }
            let (pod, obstacle) = self.obstacle(wanted, limits).await?;
            let words = match (&pod, &obstacle) {
                (Some(pod), Some(obstacle)) => format!("pod {}: {}", pod.metadata.name, obstacle.words),
                (None, Some(obstacle)) => obstacle.words.clone(),
                (Some(pod), None) if pod.has_begun() => pod.words(),
                (Some(pod), None) => {
                    let told = self.last_warning(&wanted.namespace, &pod.metadata.name, limits).await?;
                    [Some(pod.words()), told].into_iter().flatten().collect::<Vec<_>>().join("; ")
                }
                (None, None) => "it has no pod yet".to_owned(),
            };
            let uid = pod.map(|pod| pod.metadata.uid).unwrap_or_default();
            Ok(
                match noticed(&mut stuck.lock().unwrap_or_else(PoisonError::into_inner), uid, obstacle, words)
                {
                    Ok(words) => Seen::Pending(words),
                    Err(words) => Seen::Ready(End::Stuck(words)),
                },
            )
        })
        .await
    }

    /// The Job's newest pod, and what keeps it from starting. That there is no pod is an obstacle once somebody says why.
    async fn obstacle(
        &self,
        wanted: &BootstrapJob,
        limits: &Limits,
    ) -> Result<(Option<JobPod>, Option<Obstacle>), EngineError> {
        let pods = self.pods(wanted, limits).await?;
        let Some(pod) = pods.into_iter().next_back() else {
            let told = self.last_warning(&wanted.namespace, &wanted.name, limits).await?;
            return Ok((None, told.map(|words| Obstacle { sort: Sort::Place, words })));
        };
        let obstacle = pod.obstacle();
        Ok((Some(pod), obstacle))
    }

    async fn pods(&self, wanted: &BootstrapJob, limits: &Limits) -> Result<Vec<JobPod>, EngineError> {
        let pods = pod::collection(Some(&wanted.namespace));
        let mut found: Vec<JobPod> =
            self.list(&pods, &job_pod::selector(&wanted.name), Extent::Whole, limits).await?;
        found.sort_by_key(|pod| pod.metadata.creation_timestamp.clone());
        Ok(found)
    }

    async fn last_warning(
        &self,
        namespace: &str,
        about: &str,
        limits: &Limits,
    ) -> Result<Option<String>, EngineError> {
        let request = event::collection(namespace).list_where(event::ABOUT, about);
        let events: List<Event> = self.caller.read("listing", "events", request, limits).await?;
        Ok(event::last_warning(&events.items.unwrap_or_default()))
    }

    /// The error of a Job that failed, with the last lines of its pods.
    async fn failure(&self, wanted: &BootstrapJob, why: &str, limits: &Limits) -> EngineError {
        let limits = limits.afterwards().at_most(LOG);
        let mut texts = vec![why.to_owned()];
        match self.pods(wanted, &limits).await {
            Ok(pods) => {
                for pod in &pods {
                    texts.extend(self.last_lines(wanted, pod, &limits).await);
                }
            }
            Err(error) => texts.push(error.chain()),
        }
        said(DOING, target(wanted), Kind::Rejected, texts.join("\n"))
    }

    /// What the containers of a pod wrote last, those that ended well left out.
    async fn last_lines(&self, wanted: &BootstrapJob, pod: &JobPod, limits: &Limits) -> Vec<String> {
        let pods = pod::collection(Some(&wanted.namespace));
        let mut texts = vec![pod.words()];
        for container in
            pod.containers().filter(|container| container.exit_code().is_some_and(|code| code != 0))
        {
            let request = pods.log(&pod.metadata.name, &container.name, LINES);
            let of = format!("container `{}` of {}", container.name, pods.object(&pod.metadata.name));
            texts.push(match self.caller.read_text("reading the log of", &of, request, limits).await {
                Ok(log) if log.trim().is_empty() => format!("container `{}` wrote nothing", container.name),
                Ok(log) => format!("container `{}` wrote:\n{}", container.name, log.trim_end()),
                Err(error) => error.chain(),
            });
        }
        texts
    }

    /// Takes away what goes with the Job's end: first the rights, then the values, and the Job where nothing is to be
    /// learned from it. Tries all of it.
    async fn clear(&self, wanted: &BootstrapJob, keeps: bool, limits: &Limits) -> Result<(), EngineError> {
        let documents = Document::all([&wanted.binding, &wanted.secret])?;
        let mut outcome = Ok(());
        match self.kinds_of(&documents, limits).await {
            Ok(served) => {
                for document in &documents {
                    if let Some(collection) = served.collection(document) {
                        outcome = outcome.and(self.take(&collection, &document.name, limits).await);
                    }
                }
            }
            Err(error) => outcome = Err(error),
        }
        if !keeps {
            let jobs = job::collection(&wanted.namespace);
            outcome = outcome.and(self.take(&jobs, &wanted.name, limits).await);
        }
        outcome
    }

    async fn take(&self, collection: &Collection, name: &str, limits: &Limits) -> Result<(), EngineError> {
        match self.find::<AnyObject>(collection, name, Extent::Metadata, limits).await? {
            Some(found) => self.delete_one(collection, name, &found.metadata.uid, limits).await,
            None => Ok(()),
        }
    }
}

fn target(wanted: &BootstrapJob) -> String {
    job::collection(&wanted.namespace).object(&wanted.name)
}

/// Notices what keeps a pod from starting: the words to go on waiting with, or those to end with.
fn noticed(
    stuck: &mut Option<Stuck>,
    pod: String,
    obstacle: Option<Obstacle>,
    words: String,
) -> Result<String, String> {
    let Some(obstacle) = obstacle else {
        *stuck = None;
        return Ok(words);
    };
    let now = Instant::now();
    match stuck {
        Some(known) if known.pod == pod && known.obstacle.sort == obstacle.sort => {
            // Between two tries a kubelet says that it waits; what it met it said before.
            if !obstacle.is_a_pause() {
                known.obstacle.words = words;
            }
            let words = known.obstacle.words.clone();
            if now >= known.since + obstacle.sort.patience() { Err(words) } else { Ok(words) }
        }
        _ => {
            let is_over = obstacle.sort.patience().is_zero();
            let obstacle = Obstacle { words: words.clone(), ..obstacle };
            *stuck = Some(Stuck { since: now, pod, obstacle });
            if is_over { Err(words) } else { Ok(words) }
        }
    }
}

#[cfg(test)]
mod tests;

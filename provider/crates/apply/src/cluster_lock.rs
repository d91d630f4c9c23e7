//! One change of a custom cluster at a time: a lease on its control plane, renewed as long as the work goes on.

use std::sync::Arc;
use std::time::Duration;

use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{Command, Machine};
use engines::wait::{Pace, Seen, until};
use nodes::answer::Answer;
use nodes::lock::{self, Claimed, Holder, LEASE, RENEWAL};
use nodes::script::Script;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

const DOING: &str = "taking the cluster's lock on";

/// How often a lease of somebody who may be gone is looked at.
const WAITING: Pace = Pace { first: Duration::from_secs(1), most: Duration::from_secs(2) };

/// Why there is no lock.
#[derive(Debug)]
pub enum NoLock {
    /// Somebody else is changing the cluster: the lease was renewed while we waited.
    Held(Holder),
    /// The control plane did not do it.
    Engine(EngineError),
}

/// A lease that is ours.
pub struct ClusterLock {
    machine: Arc<dyn Machine>,
    holder: Holder,
}

impl ClusterLock {
    /// Takes the lease. One of somebody else's is waited for as long as it is not renewed: whoever was killed does not
    /// renew, and whoever renews is at work.
    ///
    /// # Errors
    ///
    /// [`NoLock`].
    pub async fn take(machine: &Arc<dyn Machine>, holder: Holder, limits: &Limits) -> Result<Self, NoLock> {
        let first = match ask(&**machine, &lock::take(&holder), limits).await.map_err(NoLock::Engine)? {
            Claimed::Ours => return Ok(Self { machine: Arc::clone(machine), holder }),
            Claimed::Theirs { holder: other, until } => (other.id, until),
        };
        let bounded = limits.at_most(LEASE * 2);
        let (script, first) = (&lock::take(&holder), &first);
        let look = || async move {
            match ask(&**machine, script, limits).await? {
                Claimed::Ours => Ok(Seen::Ready(None)),
                Claimed::Theirs { holder, until } if (&holder.id, &until) != (&first.0, &first.1) => {
                    Ok(Seen::Ready(Some(holder)))
                }
                Claimed::Theirs { holder, .. } => Ok(Seen::Pending(format!("{} holds it", holder.who))),
            }
        };
        match until(DOING, "the control plane", WAITING, &bounded, look).await {
            Ok(None) => Ok(Self { machine: Arc::clone(machine), holder }),
            Ok(Some(other)) => Err(NoLock::Held(other)),
            Err(error) => Err(NoLock::Engine(error)),
        }
    }

    /// Goes on with `work` as long as the lease is ours, and renews it. Work is given limits whose cancel fires when the
    /// lease is lost to somebody else; then they are returned beside what came of the work.
    pub async fn while_held<T, Work>(
        &self,
        limits: &Limits,
        work: impl FnOnce(Limits) -> Work,
    ) -> (T, Option<Holder>)
    where
        Work: Future<Output = T>,
    {
        let cancel = limits.cancel.child_token();
        let own = Limits { deadline: limits.deadline, cancel: cancel.clone() };
        let work = work(own);
        let renewal = self.renew(&cancel);
        futures::pin_mut!(work, renewal);
        match futures::future::select(work, renewal).await {
            futures::future::Either::Left((done, _)) => (done, None),
            futures::future::Either::Right((other, work)) => (work.await, Some(other)),
        }
    }

    /// Renews until somebody else holds it. That the control plane does not answer loses nothing: nobody else gets an
    /// answer from it either.
    async fn renew(&self, cancel: &CancellationToken) -> Holder {
        let mut pulse = tokio::time::interval_at(Instant::now() + RENEWAL, RENEWAL);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pulse.tick().await;
            let limits = Limits::within(LEASE, CancellationToken::new());
            match ask(&*self.machine, &lock::renew(&self.holder), &limits).await {
                Ok(Claimed::Theirs { holder, .. }) => {
                    cancel.cancel();
                    return holder;
                }
                Ok(Claimed::Ours) => {}
                Err(error) => tracing::debug!(error = error.chain(), "the lock was not renewed"),
            }
        }
    }

    /// Gives the lease back; `is_over` if there is no cluster any more. What keeps that from working costs the next one a
    /// wait, no more.
    pub async fn give_back(self, is_over: bool, limits: &Limits) {
        let back = if is_over { lock::take_away } else { lock::give_back };
        if let Err(error) = ask(&*self.machine, &back(&self.holder), &limits.afterwards()).await {
            tracing::debug!(error = error.chain(), "the lock was not given back");
        }
    }
}

async fn ask(machine: &dyn Machine, script: &Script, limits: &Limits) -> Result<Claimed, EngineError> {
    let output = machine.run(&Command::look(DOING, script.render()), limits).await?;
    let answer = Answer::read(&output.text());
    if let Some(failure) = answer.failure() {
        return Err(EngineError::new(DOING, "the control plane", Kind::Rejected).because(failure));
    }
    let output = output.success(DOING, "the control plane")?;
    lock::read(&Answer::read(&output.text()))
        .ok_or_else(|| EngineError::new(DOING, "the control plane", Kind::Rejected))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use engines::machines::Machines as _;
    use testkit::fake_machines::{FakeMachines, address};

    use super::*;

    /// A control plane whose lock answers so, one after the other, and then always as it did last.
    async fn answering(answers: &[&str]) -> Arc<dyn Machine> {
        let machines = FakeMachines::default();
        machines.add("cp1:22");
        let left = Mutex::new(answers.iter().map(ToString::to_string).collect::<VecDeque<_>>());
        machines.answer("cp1:22", move |_| {
            let mut left = left.lock().unwrap();
            let last = left.front().cloned().unwrap_or_default();
            if left.len() > 1 {
                left.pop_front();
            }
            Some((0, format!("kurator:{last}\n")))
        });
        machines.connect(&address("cp1"), &limits()).await.unwrap()
    }

    fn limits() -> Limits {
        Limits::within(Duration::from_mins(5), CancellationToken::new())
    }

    fn us() -> Holder {
        Holder { id: "us".to_owned(), who: "us".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_nobody_renews_is_waited_for() {
        let machine = answering(&["held gone 100 anna", "held gone 100 anna", "locked"]).await;
        assert!(ClusterLock::take(&machine, us(), &limits()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_renews_is_at_work_and_is_named() {
        let machine = answering(&["held other 100 anna", "held other 100 anna", "held other 105 anna"]).await;
        let Err(NoLock::Held(holder)) = ClusterLock::take(&machine, us(), &limits()).await else {
            unreachable!("somebody else holds it");
        };
        assert_eq!(holder.who, "anna");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_lost_ends_the_work_and_names_who_took_it() {
        let machine = answering(&["locked", "locked", "held other 100 anna"]).await;
        let Ok(lock) = ClusterLock::take(&machine, us(), &limits()).await else {
            unreachable!("nobody holds it");
        };
        let work = |limits: Limits| async move { limits.cancel.cancelled().await };
        let ((), lost) = lock.while_held(&limits(), work).await;
        assert_eq!(lost.map(|holder| holder.who), Some("anna".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_control_plane_that_does_not_answer_loses_nothing() {
        let machine = answering(&["locked", "what", "what", "locked"]).await;
        let Ok(lock) = ClusterLock::take(&machine, us(), &limits()).await else {
            unreachable!("nobody holds it");
        };
        let work = |_| tokio::time::timeout(Duration::from_mins(1), std::future::pending::<()>());
        let (ended, lost) = lock.while_held(&limits(), work).await;
        assert!(ended.is_err() && lost.is_none());
    }
}

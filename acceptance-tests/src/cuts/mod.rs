//! A cut after every mutating request: what an operation on a resource asks of clusters is counted once, and then
//! every one of these requests is cut, in each way, and the next apply has to carry on.
//!
//! Every operation has a name of its own that all its objects bear, so many are under way at a time: the lab's proxies
//! count and cut by what the path of a request holds.

mod attempt;
mod ground;
mod subject;
mod tried;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use lab::requests::{Fate, Request};

pub use attempt::Attempt;
pub use ground::Ground;
pub use subject::{Operation, Subject};
pub use tried::{End, HEAD, Row, Tried};

use crate::host::Host;
use crate::site::Site;

/// How many operations are under way at a time: most of each is waiting for Flux and for namespaces to go.
const AT_A_TIME: usize = 5;

/// What an operation on a resource asked.
#[derive(Clone, Debug)]
pub struct Uncut {
    /// The resource.
    pub subject: Subject,
    /// The operation.
    pub operation: Operation,
    /// What it asked.
    pub log: Log,
}

/// What a run asked: the mutating requests of each cluster, and what was deleted.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// How many mutating requests, by cluster.
    pub mutations: Vec<(String, u64)>,
    /// The paths of what was deleted, without the operation's own name.
    pub deleted: BTreeSet<String>,
}

/// One cut: of which request of which operation, and how.
#[derive(Clone, Debug)]
pub struct Cutting {
    /// The place of the operation among those that were run without a cut.
    pub of: usize,
    /// The cluster whose request is cut.
    pub cluster: String,
    /// Which mutating request to it, from 1.
    pub nth: u64,
    /// How.
    pub end: End,
}

/// Cuts operations of a host, and gives a row for each.
pub struct Cutter<'a> {
    site: &'a Site,
    host: &'a Host,
    ground: &'a Ground,
    name: String,
    /// How many names were given.
    names: AtomicUsize,
}

impl<'a> Cutter<'a> {
    /// Makes operations under `host`, whose names begin with `name`.
    pub fn new(site: &'a Site, host: &'a Host, ground: &'a Ground, name: &str) -> Self {
        Self { site, host, ground, name: name.to_owned(), names: AtomicUsize::new(0) }
    }

    /// A name that no other operation has, and that is no part of another one.
    fn attempt(&self, subject: Subject, operation: Operation) -> anyhow::Result<Attempt<'a>> {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number:03}", self.name);
        Attempt::new(self.site, self.host, self.ground, subject, operation, name)
    }

    /// Runs operations once without a cut, and then once for each cut that `chosen` gives for what they asked.
    ///
    /// # Errors
    ///
    /// An uncut run fails, or what is left cannot be looked for.
    pub fn cut(
        &self,
        operations: &[(Subject, Operation)],
        chosen: impl Fn(&[Uncut]) -> Vec<Cutting>,
    ) -> anyhow::Result<Vec<Row>> {
        let uncut = side_by_side(operations, |&(subject, operation)| {
            let log = self
                .attempt(subject, operation)?
                .uncut()
                .with_context(|| format!("{} of a {} without a cut", operation.name(), subject.resource))?;
            Ok(Uncut { subject, operation, log })
        });
        let uncut = uncut.into_iter().collect::<anyhow::Result<Vec<Uncut>>>()?;
        let cuttings = chosen(&uncut);
        let tried = side_by_side(&cuttings, |cutting| {
            let Uncut { subject, operation, log } = &uncut[cutting.of];
            let attempt = self.attempt(*subject, *operation)?;
            let tried = attempt.cut(cutting, log);
            Ok((attempt.name().to_owned(), tried))
        });
        let mut tried = tried.into_iter().collect::<anyhow::Result<Vec<(String, Tried)>>>()?;
        let names: Vec<&str> = tried.iter().map(|(name, _)| name.as_str()).collect();
        let left = ground::left_over(self.site, &self.name, &names)?;
        for (name, tried) in &mut tried {
            tried.left_over = left.get(name).cloned().unwrap_or_default();
        }
        Ok(uncut.iter().enumerate().map(|(of, uncut)| self.row(of, uncut, &cuttings, &tried)).collect())
    }

    /// Runs operations on a resource that changes nothing on any cluster, while nobody else asks anything.
    ///
    /// # Errors
    ///
    /// One fails, or changes something.
    pub fn changes_nothing(&self, subject: Subject, operations: &[Operation]) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for operation in operations {
            for cluster in self.site.clusters() {
                self.site.lab.watch(&cluster.name, "", None)?;
            }
            let uncut =
                Uncut { subject, operation: *operation, log: self.attempt(subject, *operation)?.uncut()? };
            for cluster in self.site.clusters() {
                let asked = self.site.lab.requests(&cluster.name, "")?;
                let changed: Vec<String> =
                    asked.iter().filter(|request| request.is_mutation).map(ToString::to_string).collect();
                ensure!(changed.is_empty(), "{} of a {}: {changed:#?}", operation.name(), subject.resource);
            }
            rows.push(self.row(0, &uncut, &[], &[]));
        }
        Ok(rows)
    }

    fn row(&self, of: usize, uncut: &Uncut, cuttings: &[Cutting], tried: &[(String, Tried)]) -> Row {
        let requests: u64 = uncut.log.mutations.iter().map(|(_, count)| count).sum();
        let its = cuttings.iter().zip(tried).filter(|(cutting, _)| cutting.of == of);
        Row {
            operation: uncut.operation.name().to_owned(),
            resource: uncut.subject.resource.to_owned(),
            host: self.host.to_string(),
            requests: usize::try_from(requests).unwrap_or(usize::MAX),
            tried: its.map(|(_, (_, tried))| tried.clone()).collect(),
        }
    }
}

/// Every mutating request, in each of `ends`.
pub fn every(uncut: &[Uncut], ends: &[End]) -> Vec<Cutting> {
    let mut cuttings = Vec::new();
    for (of, uncut) in uncut.iter().enumerate() {
        for (cluster, count) in &uncut.log.mutations {
            for nth in 1..=*count {
                for end in ends {
                    cuttings.push(Cutting { of, cluster: cluster.clone(), nth, end: *end });
                }
            }
        }
    }
    cuttings
}

/// At most `count` of `cuttings`, spread over all of them.
pub fn spread(cuttings: Vec<Cutting>, count: usize) -> Vec<Cutting> {
    let all = cuttings.len();
    let is_chosen = |place: usize| place * count / all != (place + 1) * count / all;
    cuttings
        .into_iter()
        .enumerate()
        .filter(|(place, _)| is_chosen(*place))
        .map(|(_, cutting)| cutting)
        .collect()
}

/// Does the work for each of `all`, some at a time; gives the results in the same order.
fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(place) else { break };
                    let result = work(one);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// What was really deleted, without the operation's own name.
fn deleted(requests: &[Request], name: &str) -> BTreeSet<String> {
    let is_done = |request: &&Request| {
        request.method == "DELETE"
            && request.is_mutation
            && matches!(request.answer, Fate::Answered(200..=299) | Fate::Unheard(200..=299))
    };
    requests.iter().filter(is_done).map(|request| request.path.replace(name, "NAME")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spread_over_the_whole_log() {
        let log = Log { mutations: vec![("edge".to_owned(), 20), ("hub".to_owned(), 3)], ..Log::default() };
        let uncut = Uncut { subject: Subject::ALL[0], operation: Operation::Create, log };
        let all = every(&[uncut], &[End::Kill]);
        assert_eq!(all.len(), 23);
        for count in 1..=23 {
            assert_eq!(spread(all.clone(), count).len(), count);
        }
        let ten: Vec<u64> = spread(all, 10).iter().map(|it| it.nth).collect();
        assert_eq!(ten, [3, 5, 7, 10, 12, 14, 17, 19, 1, 3]);
    }
}

//! One request to an API server, bounded: by its own patience, by the deadline, and by the user's cancel.

use std::pin::pin;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use futures::AsyncBufReadExt as _;
use http::Request;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::errors::{from_kube, said, unreadable};

/// A request as built, or why it could not be.
pub(crate) type Built = Result<Request<Vec<u8>>, http::Error>;

/// A client and how long one of its requests may take.
#[derive(Clone)]
pub(crate) struct Caller {
    client: kube::Client,
    patience: Duration,
}

impl Caller {
    /// Sends through `client`, at most `patience` a request.
    pub(crate) fn new(client: kube::Client, patience: Duration) -> Self {
        Self { client, patience }
    }

    /// Sends a request that changes nothing. On cancel and at the deadline it is dropped in mid-call.
    ///
    /// # Errors
    ///
    /// - [`Kind::Cancelled`] and [`Kind::TimedOut`] when `limits` end it.
    /// - [`Kind::Unreachable`] if no answer came within the patience for one request.
    /// - What the API server answers.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        target: &str,
        request: Built,
        limits: &Limits,
    ) -> Result<T, EngineError> {
        let answer = self.read_bytes(doing, target, request, limits).await?;
        parsed(doing, target, &answer)
    }

    /// The same for an answer that is text, such as a log.
    ///
    /// # Errors
    ///
    /// As with [`Caller::read`].
    pub(crate) async fn read_text(
        &self,
        doing: &'static str,
        target: &str,
        request: Built,
        limits: &Limits,
    ) -> Result<String, EngineError> {
        let answer = self.read_bytes(doing, target, request, limits).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn read_bytes(
        &self,
        doing: &'static str,
        target: &str,
        request: Built,
        limits: &Limits,
    ) -> Result<Vec<u8>, EngineError> {
        let request = built(doing, target, request)?;
        let work = self.insist(doing, target, request, limits);
        tokio::select! {
            biased;
            () = limits.cancel.cancelled() => Err(EngineError::new(doing, target, Kind::Cancelled)),
            answer = work => answer,
            () = tokio::time::sleep_until(limits.deadline) => {
                Err(said(doing, target, Kind::TimedOut, "no answer in time"))
            }
        }
    }

    /// Sends a request that changes something. Once begun it is finished whatever the user does, because nobody
    /// could say afterwards whether a request cut in mid-call was carried out; the patience alone ends it.
    ///
    /// # Errors
    ///
    /// - [`Kind::Cancelled`] and [`Kind::TimedOut`] if `limits` ended before it began; then nothing was sent.
    /// - [`Kind::Unreachable`] if no answer came within the patience for one request.
    /// - What the API server answers.
    pub(crate) async fn write<T: DeserializeOwned + Send + 'static>(
        &self,
        doing: &'static str,
        target: &str,
        request: Built,
        limits: &Limits,
    ) -> Result<T, EngineError> {
        let request = built(doing, target, request)?;
        if limits.cancel.is_cancelled() {
            return Err(EngineError::new(doing, target, Kind::Cancelled));
        }
        if Instant::now() >= limits.deadline {
            return Err(said(doing, target, Kind::TimedOut, "the time was over before it was sent"));
        }
        let (caller, subject, limits) = (self.clone(), target.to_owned(), limits.clone());
        // A task of its own goes on when whoever waits for it is dropped.
        let work = tokio::spawn(async move { caller.insist(doing, &subject, request, &limits).await });
        match work.await {
            Ok(answer) => parsed(doing, target, &answer?),
            Err(_) => Err(said(doing, target, Kind::Cancelled, "the provider is shutting down")),
        }
    }

    /// Sends until the other side does not ask to come back, a few times. All our changes are safe to send twice:
    /// they are applies, merges of whole values, and deletes of one uid. A request in hand is finished; after the user's
    /// cancel or the deadline it is not sent again.
    async fn insist(
        &self,
        doing: &'static str,
        target: &str,
        request: Request<Vec<u8>>,
        limits: &Limits,
    ) -> Result<Vec<u8>, EngineError> {
        // An API server under load asks to come back after one second (its `Retry-After`); four seconds in all
        // outlast an etcd election (lab, 2026-11-21: etcd down 5 s was served again after 7.5 s in all).
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(4)
            .with_jitter()
            .build();
        loop {
            match self.once(doing, target, request.clone()).await {
                Err(error) if matches!(error.kind, Kind::Busy | Kind::Throttled) => {
                    let Some(pause) = pauses.next() else { return Err(error) };
                    tracing::debug!(doing, target, "the API server asks to come back");
                    let until = limits.deadline.min(Instant::now() + pause);
                    let is_cancelled = timeout_at(until, limits.cancel.cancelled()).await.is_ok();
                    if is_cancelled || Instant::now() >= limits.deadline {
                        return Err(error);
                    }
                }
                done => return done,
            }
        }
    }

    async fn once(
        &self,
        doing: &'static str,
        target: &str,
        request: Request<Vec<u8>>,
    ) -> Result<Vec<u8>, EngineError> {
        // Boxed, because every wait and every list of calls would carry its few kilobytes.
        match tokio::time::timeout(self.patience, Box::pin(self.answer(request))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(from_kube(doing, target, &error)),
            Err(_) => {
                let text = format!("no answer within {}", domain::duration::format(self.patience));
                Err(said(doing, target, Kind::Unreachable, text))
            }
        }
    }

    /// The body of an answer, parsed by us: kube logs the whole body of one that it cannot parse, secrets and all. Read
    /// piece by piece, because kube's own way to the whole of it keeps three copies, and a list has megabytes.
    async fn answer(&self, request: Request<Vec<u8>>) -> Result<Vec<u8>, kube::Error> {
        let mut body = pin!(self.client.request_stream(request).await?);
        let mut answer = Vec::new();
        loop {
            let piece = body.fill_buf().await.map_err(kube::Error::ReadEvents)?;
            if piece.is_empty() {
                return Ok(answer);
            }
            answer.extend_from_slice(piece);
            let length = piece.len();
            body.consume_unpin(length);
        }
    }
}

/// What was found, or none if it does not exist.
///
/// # Errors
///
/// Anything but "not found".
pub(crate) fn found<T>(result: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn built(doing: &'static str, target: &str, request: Built) -> Result<Request<Vec<u8>>, EngineError> {
    request.map_err(|error| said(doing, target, Kind::Rejected, error.to_string()))
}

fn parsed<T: DeserializeOwned>(doing: &'static str, target: &str, answer: &[u8]) -> Result<T, EngineError> {
    serde_json::from_slice(answer).map_err(|error| said(doing, target, Kind::Rejected, unreadable(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use serde_json::{Value, json};
    use std::sync::atomic::{AtomicU32, Ordering};

    const PATIENCE: Duration = Duration::from_secs(30);

    fn get() -> Built {
        Request::get("/api/v1/nodes").body(Vec::new())
    }

    async fn read(caller: &Caller, limits: &Limits) -> Result<Value, Kind> {
        caller.read("reading", "nodes", get(), limits).await.map_err(|error| error.kind)
    }

    #[tokio::test(start_paused = true)]
    async fn a_hung_server_ends_by_patience_deadline_or_cancel() {
        let (hung, _) = cluster(PATIENCE, |_, _| Answer::Hangs);
        assert_eq!(read(&hung.caller, &limits()).await, Err(Kind::Unreachable));
        assert_eq!(read(&hung.caller, &limits().at_most(Duration::from_secs(1))).await, Err(Kind::TimedOut));
        let cancelled = limits();
        let token = cancelled.cancel.clone();
        let (read, ()) = tokio::join!(read(&hung.caller, &cancelled), async move { token.cancel() });
        assert_eq!(read, Err(Kind::Cancelled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_to_come_back_is_asked_again_a_few_times() {
        let asked = AtomicU32::new(0);
        let (busy, _) = cluster(PATIENCE, move |_, _| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => refuses(503, "ServiceUnavailable"),
            1 => refuses(429, "TooManyRequests"),
            _ => Answer::Says(200, json!({ "ok": true })),
        });
        assert_eq!(read(&busy.caller, &limits()).await, Ok(json!({ "ok": true })));
        let (down, asked) = cluster(PATIENCE, |_, _| refuses(503, "ServiceUnavailable"));
        assert_eq!(read(&down.caller, &limits()).await, Err(Kind::Busy));
        assert_eq!(asked.lock().unwrap().len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_in_hand_is_finished_and_no_new_one_begins() {
        let (slow, asked) =
            cluster(PATIENCE, |_, _| Answer::Slowly(Duration::from_secs(5), 200, json!({ "done": true })));
        let limits = limits();
        let token = limits.cancel.clone();
        let write = slow.caller.write::<Value>("changing", "it", get(), &limits);
        let (done, ()) = tokio::join!(write, async move {
            tokio::task::yield_now().await;
            token.cancel();
        });
        assert_eq!(done.unwrap(), json!({ "done": true }));
        let next = slow.caller.write::<Value>("changing", "it", get(), &limits).await;
        assert_eq!(next.unwrap_err().kind, Kind::Cancelled);
        assert_eq!(asked.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_cannot_be_read_is_not_repeated() {
        let (odd, _) = cluster(PATIENCE, |_, _| Answer::Says(200, json!("hunter2")));
        let error = odd
            .caller
            .read::<crate::metadata::AnyObject>("reading", "it", get(), &limits())
            .await
            .unwrap_err();
        assert_eq!(error.chain(), "reading it: the answer is not of the expected shape (line 1, column 9)");
    }
}

//! One call from start to end: its span, its task, and an answer whatever happens in it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures::FutureExt;
use tf_value::diagnostic::Diagnostics;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::BoxStream;
use tonic::{Response, Status};
use tracing::Instrument;

use crate::complaints;
use crate::proto::tfplugin6 as pb;
use crate::server::diagnostics;
use crate::transport::in_flight::InFlight;

/// A response that can be made of diagnostics alone.
pub(super) trait Answer: Send + Sized + 'static {
    /// A response that says only this.
    fn saying(diagnostics: Diagnostics) -> Self;

    /// How many errors it reports.
    fn errors(&self) -> usize;
}

macro_rules! answers {
    ($($module:ident),* $(,)?) => {$(
        impl Answer for pb::$module::Response {
            fn saying(diagnostics: Diagnostics) -> Self {
                let mut response = Self::default();
                response.diagnostics = diagnostics::encode(diagnostics);
                response
            }

            fn errors(&self) -> usize {
                let error = i32::from(pb::diagnostic::Severity::Error);
                self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == error).count()
            }
        }
    )*};
}

answers!(
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    get_functions,
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    upgrade_resource_state,
    upgrade_resource_identity,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    generate_resource_config,
    validate_data_resource_config,
    read_data_source,
    validate_ephemeral_resource_config,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    validate_list_resource_config,
    validate_action_config,
    plan_action,
);

impl Answer for pb::call_function::Response {
    fn saying(diagnostics: Diagnostics) -> Self {
        let text = diagnostics.into_iter().map(|said| said.detail).collect::<Vec<_>>().join("\n\n");
        Self { result: None, error: Some(pb::FunctionError { text, function_argument: None }) }
    }

    fn errors(&self) -> usize {
        usize::from(self.error.is_some())
    }
}

fn say_answered(start: Instant, response: &impl Answer) {
    tracing::debug!(
        tf_req_duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        diagnostic_error_count = response.errors(),
        "answered"
    );
}

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Provider,
    Resource(&'a str),
    DataSource(&'a str),
    Ephemeral(&'a str),
    List(&'a str),
    Action(&'a str),
    Function(&'a str),
}

/// Where the events of a streaming call go.
pub(super) type Events<E> = mpsc::Sender<Result<E, Status>>;

/// How many events wait for a caller that reads slowly; then the handler waits too.
const EVENTS_AHEAD: usize = 16;

/// What a handler made, for the log, should nobody be there any more to be told.
pub(super) type Note = Arc<OnceLock<String>>;

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Rpc {
    name: &'static str,
    note: Note,
    span: tracing::Span,
    in_flight: InFlight,
}

impl Rpc {
    pub(super) fn new(name: &'static str, subject: Subject<'_>, address: &str, in_flight: &InFlight) -> Self {
        static CALLS: AtomicU64 = AtomicU64::new(1);
        let number = CALLS.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!(
            "rpc",
            tf_rpc = name,
            tf_req_id = format!("{:08x}-{number:08x}", std::process::id()),
            tf_resource_type = if let Subject::Resource(name) = subject { Some(name) } else { None },
            tf_data_source_type = if let Subject::DataSource(name) = subject { Some(name) } else { None },
            tf_ephemeral_resource_type =
                if let Subject::Ephemeral(name) = subject { Some(name) } else { None },
            tf_list_resource_type = if let Subject::List(name) = subject { Some(name) } else { None },
            tf_action_type = if let Subject::Action(name) = subject { Some(name) } else { None },
            tf_function_name = if let Subject::Function(name) = subject { Some(name) } else { None },
            tf_provider_addr = address,
            tf_proto_version = "6.11",
        );
        Self { name, note: Note::default(), span, in_flight: in_flight.clone() }
    }

    /// Where a handler notes what it made.
    pub(super) fn note(&self) -> Note {
        Note::clone(&self.note)
    }

    /// Answers with what `work` makes without ever waiting. Nobody can cut that, so it needs no task of its own.
    ///
    /// # Errors
    ///
    /// None: a panic becomes a diagnostic as well.
    #[expect(clippy::unnecessary_wraps, reason = "calls are answered with a response or a status")]
    pub(super) fn answer_at_once<R: Answer>(self, work: impl FnOnce() -> R) -> Result<Response<R>, Status> {
        let Self { name, span, .. } = self;
        let response = span.in_scope(|| {
            let start = Instant::now();
            let response = std::panic::catch_unwind(AssertUnwindSafe(work))
                .unwrap_or_else(|payload| R::saying(complaints::panicked(name, &*payload).into()));
            say_answered(start, &response);
            response
        });
        Ok(Response::new(response))
    }

    /// Runs `work` in a task of its own, which goes on to its end even if the caller goes away: a call that is cut
    /// off between "made" and "recorded" leaves something behind that nobody knows of.
    ///
    /// # Errors
    ///
    /// None: a panic becomes a diagnostic as well.
    pub(super) async fn answer<R: Answer, F: Future<Output = R> + Send + 'static>(
        self,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Response<R>, Status> {
        let Self { name, note, span, in_flight } = self;
        let task = async move {
            let start = Instant::now();
            // The closure is called in here too: also what it does before its first wait may panic.
            let response = AssertUnwindSafe(async { work().await })
                .catch_unwind()
                .await
                .unwrap_or_else(|payload| R::saying(complaints::panicked(name, &*payload).into()));
            say_answered(start, &response);
            response
        };
        let log = span.clone();
        let unheard = move |_: R| {
            if let Some(made) = note.get() {
                log.in_scope(|| {
                    tracing::error!(made, "the caller went away before it was told what was made");
                });
            }
        };
        let response = in_flight.run_or_report(task, unheard).instrument(span).await;
        Ok(Response::new(
            response.unwrap_or_else(|gone| R::saying(complaints::panicked(name, &gone.message).into())),
        ))
    }

    /// Answers with a stream of what `work` sends. Its task goes on to its end even if the caller goes away; what it
    /// does then is its own matter. A panic ends the stream with the event that `last` makes of it.
    pub(super) fn stream<E: Send + 'static, F: Future<Output = ()> + Send + 'static>(
        self,
        work: impl FnOnce(Events<E>) -> F + Send + 'static,
        last: fn(Diagnostics) -> E,
    ) -> Response<BoxStream<E>> {
        let Self { name, span, in_flight, .. } = self;
        let (events, sent) = mpsc::channel(EVENTS_AHEAD);
        let task = async move {
            let start = Instant::now();
            let ending = events.clone();
            let worked = AssertUnwindSafe(async { work(events).await }).catch_unwind().await;
            if let Err(payload) = worked {
                drop(ending.send(Ok(last(complaints::panicked(name, &*payload).into()))).await);
            }
            let duration = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(tf_req_duration_ms = duration, "streamed");
        };
        in_flight.start(task.instrument(span));
        Response::new(Box::pin(ReceiverStream::new(sent)))
    }
}

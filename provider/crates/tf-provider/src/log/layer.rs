//! Turns what `tracing` collects into lines.

use std::io::Write;

use jiff::Timestamp;
use serde_json::Map;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::fields::Fields;
use super::level::Choice;
use super::line::Entry;

/// Writes each event, with the fields of the spans around it, as one line.
///
/// `open` gives the place to write to, once per line: the line goes out in one piece.
pub(super) struct Lines<O> {
    pub(super) choice: Choice,
    pub(super) open: O,
}

impl<S, O, W> Layer<S> for Lines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Fn() -> W + 'static,
    W: Write,
{
    fn register_callsite(&self, place: &'static Metadata<'static>) -> Interest {
        if self.choice.takes(place) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, place: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.choice.takes(place)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Spans are taken at every level.
        Some(LevelFilter::TRACE)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.extend(around.0.clone());
            }
        }
        let mut own = Fields::default();
        event.record(&mut own);
        let message = own.take_message();
        fields.extend(own.0);
        let entry = Entry {
            timestamp: Timestamp::now(),
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            message,
            fields,
        };
        // A log that nobody reads is no reason to stop.
        drop((self.open)().write_all(&entry.to_line()));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<serde_json::Value> {
        let kept = Kept::default();
        let open = kept.clone();
        let choice = Choice { level, ours: vec![env!("CARGO_CRATE_NAME")] };
        let lines = Lines { choice, open: move || open.clone() };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        let text = kept.0.lock().unwrap().clone();
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn the_fields_of_the_spans_around_an_event_are_in_its_line() {
        let lines = logged(LevelFilter::WARN, || {
            let _outer = tracing::info_span!("rpc", tf_rpc = "ReadResource", tf_req_id = 1).entered();
            let inner = tracing::trace_span!("inner", tf_req_id = 2, late = tracing::field::Empty);
            inner.record("late", true);
            let _inner = inner.entered();
            tracing::warn!(answer = %"yes", "said");
            tracing::info!("not taken");
        });
        assert_eq!(lines.len(), 1);
        let keys = ["@message", "tf_rpc", "tf_req_id", "late", "answer"].map(|key| lines[0][key].to_string());
        assert_eq!(keys, [r#""said""#, r#""ReadResource""#, "2", "true", r#""yes""#]);
    }

    #[test]
    fn details_from_other_crates_are_never_logged() {
        let lines = logged(LevelFilter::TRACE, || {
            let _span =
                tracing::error_span!(target: "hyper::proto", "request", authorization = "secret").entered();
            tracing::debug!(target: "h2::codec", "secret");
            tracing::info!(target: "rustls", "secret");
            tracing::warn!(target: "h2::server", "reset");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["@message"].clone()).collect();
        assert_eq!(messages, ["reset"]);
        assert!(lines[0].get("authorization").is_none());
    }
}

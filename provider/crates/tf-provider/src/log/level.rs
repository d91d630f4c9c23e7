//! How much is logged.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

/// What Terraform makes of the value of `TF_LOG` and its kin.
///
/// `JSON` means everything, and so does a word that Terraform does not know.
pub(super) fn level_of(value: Option<&str>) -> LevelFilter {
    match value.map(str::to_uppercase).as_deref() {
        None | Some("" | "OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some(_) => LevelFilter::TRACE,
    }
}

/// Decides about each place in the source that can log.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) level: LevelFilter,
    /// The crates whose text we wrote. The others log headers and bodies when asked for details,
    /// and those hold credentials; so from them only warnings and errors are taken, and no spans.
    pub(super) ours: Vec<&'static str>,
}

impl Choice {
    pub(super) fn takes(&self, place: &Metadata<'_>) -> bool {
        let ours = self.is_ours(place.target());
        if place.is_span() {
            // Spans are taken at every level: their fields belong to the events inside.
            return ours;
        }
        let ceiling = if ours { self.level } else { self.level.min(LevelFilter::WARN) };
        *place.level() <= ceiling
    }

    fn is_ours(&self, target: &str) -> bool {
        let owner = target.split("::").next().unwrap_or(target);
        self.ours.contains(&owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_mean_to_terraform() {
        let words = [None, Some("off"), Some("warn"), Some("JSON"), Some("loud")];
        let off_warn_trace =
            [LevelFilter::OFF, LevelFilter::OFF, LevelFilter::WARN, LevelFilter::TRACE, LevelFilter::TRACE];
        assert_eq!(words.map(level_of), off_warn_trace);
    }

    #[test]
    fn ours_are_told_by_the_whole_crate_name() {
        let choice = Choice { level: LevelFilter::TRACE, ours: vec!["apply"] };
        let ours = ["apply", "apply::run", "apply_more", "h2::codec"].map(|target| choice.is_ours(target));
        assert_eq!(ours, [true, true, false, false]);
    }
}

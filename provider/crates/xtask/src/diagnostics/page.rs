//! The guide's tables.

use super::catalogue::{Area, Entry, Said};

/// How many phases there are: what can come up in all of them comes up anywhere.
const PHASES: usize = 8;

/// One table per area.
pub(super) fn tables(areas: &[Area]) -> String {
    areas.iter().map(table).collect::<Vec<_>>().join("\n\n")
}

fn table(area: &Area) -> String {
    let rows: Vec<String> = area.entries.iter().map(row).collect();
    format!(
        "## {}\n\n{}\n\n| message | comes up in | cause | way out |\n| --- | --- | --- | --- |\n{}",
        area.title,
        area.about,
        rows.join("\n")
    )
}

fn row(entry: &Entry) -> String {
    let phases = match entry.phases.len() {
        PHASES => "anything".to_owned(),
        _ => entry.phases.join(", ").to_lowercase(),
    };
    let warns = match entry.said {
        Said::Error => "",
        Said::Warning => " (a warning)",
        Said::Either => " (sometimes a warning)",
    };
    let cells = [with_ellipses(&entry.summary), format!("{phases}{warns}")];
    let [message, phases] = cells.map(|cell| escaped(&cell));
    format!("| {message} | {phases} | {} | {} |", escaped(&entry.cause), escaped(&entry.way_out))
}

/// A summary as readers know it: something else stands in each hole.
fn with_ellipses(summary: &str) -> String {
    pieces(summary).join("…")
}

/// What of a summary is always the same: the pieces around its holes.
pub(super) fn pieces(summary: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = summary;
    while let Some((before, after)) = rest.split_once('{') {
        pieces.push(before);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    pieces.push(rest);
    pieces
}

fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::catalogue::tests::sample;

    #[test]
    fn an_area_is_a_heading_and_a_table() {
        let want = "## Clusters\n\nTrouble.\n\n| message | comes up in | cause | way out |\n| --- | --- | --- | --- |\n\
                    | No such … | read, apply (sometimes a warning) | It is away. | Look \\| for it. |\n\
                    | Not a name | validate | It is none. | Write one. |";
        assert_eq!(tables(&sample()), want);
    }
}

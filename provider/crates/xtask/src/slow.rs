//! What `make test-slow` is made of, and the page that says how each part of it ended last.

use std::fmt;
use std::time::Duration;

use crate::repository::Repository;

/// The page.
const PAGE: &str = "docs/contributing/slow.md";

/// What stands above the table.
const HEAD: &str = "\
# How what takes long ended last

<!-- Written by `make test-slow`. -->

`make test-slow` goes through all parts (`usual`, `cuts`, `faults`, `leaving`, `account`, `machines`), which takes some hours;
`make test-slow PARTS=\"cuts machines\"` through some of them. Each writes its line when it is over, also when something
failed; a part without a line was not run since there are parts. What the claims of a part saw is on the page in its line.

| part | what | ended with | took | date, commit |
| --- | --- | --- | --: | --- |
";

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// What `make test` runs, with the release binary and many more cases for each property
    Usual,
    /// Every request cut in every way
    Cuts,
    /// Clusters that fail in every way
    Faults,
    /// Members that go, alive and dead
    Leaving,
    /// The quickstart in an account that is made for it; needs root
    Account,
    /// The lab's machines, and clusters on them; needs root
    Machines,
}

/// All parts, in their order.
pub(crate) const ALL: [Part; 6] =
    [Part::Usual, Part::Cuts, Part::Faults, Part::Leaving, Part::Account, Part::Machines];

impl Part {
    /// Its name, which the tests are told, too: `KURATOR_SLOW`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Cuts => "cuts",
            Self::Faults => "faults",
            Self::Leaving => "leaving",
            Self::Account => "account",
            Self::Machines => "machines",
        }
    }

    /// What is in it.
    fn what(self) -> &'static str {
        match self {
            Self::Usual => "what `make test` runs, with the release binary and 5,000 cases for each property",
            Self::Cuts => "every request of every operation, [cut in every way](cuts.md)",
            Self::Faults => "[clusters that fail](faults.md) in every way",
            Self::Leaving => "[members that go](leaving.md), alive and dead",
            Self::Account => "the quickstart in an account that has nothing but the release",
            Self::Machines => {
                "the lab's machines, and [clusters on them](machines.md), also [killed](killed.md)"
            }
        }
    }

    /// The test programs that its claims are in; none for all.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Usual => &[],
            Self::Cuts | Self::Faults | Self::Leaving | Self::Account => &["acceptance"],
            Self::Machines => &["machines", "acceptance"],
        }
    }

    /// Its line.
    fn line(self, ended: &str, took: Duration, when: &str) -> String {
        let minutes = took.as_secs().div_ceil(60);
        format!("| `{}` | {} | {ended} | {minutes} min | {when} |", self.name(), self.what())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The date and the commit of what is about to run. Asked before, because what runs writes pages.
///
/// # Errors
///
/// git does not say it.
pub(crate) fn when(repository: &Repository) -> anyhow::Result<String> {
    Ok(format!("{}, commit {}", repository.commit_date()?, repository.commit()?))
}

/// Puts the line of a part into the page, in the place of its last one.
///
/// # Errors
///
/// The page cannot be read or written.
pub(crate) fn note(
    repository: &Repository,
    part: Part,
    ended: &str,
    took: Duration,
    when: &str,
) -> anyhow::Result<()> {
    let page = repository.read(PAGE)?;
    repository.write(PAGE, &with_line(&page, part, &part.line(ended, took, when)))
}

/// The page with another line for one part.
fn with_line(page: &str, part: Part, line: &str) -> String {
    let last = |part: Part| page.lines().find(|line| line.starts_with(&format!("| `{part}` |")));
    let lines = ALL.into_iter().filter_map(|other| if other == part { Some(line) } else { last(other) });
    lines.fold(HEAD.to_owned(), |page, line| page + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_takes_the_place_of_its_last_line_and_leaves_those_of_others() {
        let line =
            |part: Part, ended| part.line(ended, Duration::from_secs(61), "2026-11-30, commit 1234567");
        let page = with_line("", Part::Machines, &line(Part::Machines, "12 passed, 0 failed"));
        let page = with_line(&page, Part::Cuts, &line(Part::Cuts, "1 passed, 1 failed"));
        let page = with_line(&page, Part::Cuts, &line(Part::Cuts, "2 passed, 0 failed"));
        let lines: Vec<&str> = page.strip_prefix(HEAD).unwrap().lines().collect();
        assert_eq!(
            lines,
            [line(Part::Cuts, "2 passed, 0 failed"), line(Part::Machines, "12 passed, 0 failed")]
        );
        assert!(lines[0].ends_with("| 2 passed, 0 failed | 2 min | 2026-11-30, commit 1234567 |"));
    }

    #[test]
    fn parts_are_told_by_the_names_that_a_person_gives() {
        for part in ALL {
            let value = clap::ValueEnum::to_possible_value(&part).unwrap();
            assert_eq!(value.get_name(), part.name());
        }
    }
}

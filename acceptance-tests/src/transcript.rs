//! What a host said: its exit and its diagnostics, read from `-json` output.

use std::fmt;

use anyhow::bail;
use serde_json::Value;

use crate::process::Finished;

/// What a host says at each command that runs a provider which is not from a registry.
const DEV_OVERRIDES: &str = "Provider development overrides are in effect";

/// One diagnostic as terraform and tofu give it in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// The first line.
    pub summary: String,
    /// The rest.
    pub detail: String,
    /// The resource it is about; empty if it is about none.
    pub address: String,
    /// The line of configuration it points to; empty if it points to none.
    pub code: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, summary, detail, address, code } = self;
        write!(
            formatter,
            "{severity}: {summary}\n  at {address}: {}\n  {}",
            code.trim(),
            detail.replace('\n', "\n  ")
        )
    }
}

impl Finished {
    /// The diagnostics of a command that was run with `-json`, but for the host's own note that the provider under
    /// test is not one from a registry.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut diagnostics = self.all_diagnostics();
        diagnostics.retain(|it| it.summary != DEV_OVERRIDES);
        diagnostics
    }

    fn all_diagnostics(&self) -> Vec<Diagnostic> {
        // `validate` prints one document; the others print a document per line.
        if let Ok(document) = serde_json::from_str::<Value>(&self.stdout)
            && let Some(list) = document["diagnostics"].as_array()
        {
            return list.iter().map(diagnostic).collect();
        }
        self.messages()
            .iter()
            .filter(|it| it["type"] == "diagnostic")
            .map(|it| diagnostic(&it["diagnostic"]))
            .collect()
    }

    /// The warnings among the diagnostics.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.diagnostics().into_iter().filter(|it| it.severity == "warning").collect()
    }

    /// The documents that the command printed, one per line.
    pub fn messages(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Checks the exit code.
    ///
    /// # Errors
    ///
    /// It is another; what the command said is in the message.
    pub fn ended_with(self, code: i32) -> anyhow::Result<Self> {
        if self.code == Some(code) {
            return Ok(self);
        }
        bail!("{}\nit should have ended with {code}", self.in_words());
    }

    /// How it ended and how long it took.
    pub fn in_short(&self) -> String {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        format!("{code} in {:.1} s", self.took.as_secs_f64())
    }

    /// All that a person needs to see what went wrong.
    pub fn in_words(&self) -> String {
        let end = match (self.code, self.signal) {
            (Some(code), _) => format!("ended with {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        };
        let mut lines =
            vec![format!("`{}` {end} after {:.1} s", self.args.join(" "), self.took.as_secs_f64())];
        lines.extend(self.changes());
        lines.extend(self.diagnostics().iter().map(ToString::to_string));
        if self.messages().is_empty() {
            lines.push(last_lines(&self.stdout));
        }
        lines.push(last_lines(&self.stderr));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// What a plan, or the plan of an apply, is going to do, a line per resource.
    pub fn changes(&self) -> Vec<String> {
        self.messages()
            .iter()
            .filter(|it| it["type"] == "planned_change" || it["type"] == "resource_drift")
            .filter_map(|it| it["@message"].as_str().map(|text| format!("- {text}")))
            .collect()
    }

    /// Checks that there is a diagnostic of `severity` with all of `texts` in its summary, detail, address or line.
    ///
    /// # Errors
    ///
    /// There is none; those that there are stand in the message.
    pub fn says(&self, severity: &str, texts: &[&str]) -> anyhow::Result<()> {
        let has = |it: &Diagnostic| {
            it.severity == severity
                && texts.iter().all(|text| {
                    [&it.summary, &it.detail, &it.address, &it.code].iter().any(|field| field.contains(text))
                })
        };
        if self.diagnostics().iter().any(has) {
            return Ok(());
        }
        bail!("no {severity} says {texts:?}\n{}", self.in_words());
    }
}

fn diagnostic(value: &Value) -> Diagnostic {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // `validate` names the resource only in the snippet's context.
    let address = match value["address"].as_str() {
        Some(address) => address.to_owned(),
        None => text(&value["snippet"]["context"]),
    };
    Diagnostic {
        severity: text(&value["severity"]),
        summary: text(&value["summary"]),
        detail: text(&value["detail"]),
        address,
        code: text(&value["snippet"]["code"]),
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

//! Durations as Go writes them: `1h30m`, `250ms`. Terraform's `timeouts` and Flux's intervals share the form.

use std::fmt::Write as _;
use std::time::Duration;

/// Nanoseconds per unit, by its name. Both spellings of micro are Go's.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationProblem {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// It begins with a minus sign.
    #[error("it is negative")]
    Negative,
    /// A number was expected and something else stands there.
    #[error("`{0}` does not begin with a number")]
    Number(String),
    /// A number without a unit, or with one that does not exist.
    #[error("`{0}` is not one of the units h, m, s, ms, us, ns")]
    Unit(String),
    /// More than 292 years, the most that Go holds.
    #[error("it is too long")]
    TooLong,
}

/// Reads a duration: numbers with units, as in `1h30m`, `1.5h` or `250ms`; `0` needs no unit.
///
/// Units: `h`, `m`, `s`, `ms`, `us` (or `µs`) and `ns`. What is finer than a nanosecond is cut off.
/// Source: Go, `time.ParseDuration`.
///
/// # Errors
///
/// The first [`DurationProblem`] found.
pub fn parse(text: &str) -> Result<Duration, DurationProblem> {
    if text.is_empty() {
        return Err(DurationProblem::Empty);
    }
    if text.starts_with('-') {
        return Err(DurationProblem::Negative);
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanoseconds = 0_u64;
    loop {
        let (part, after) = part(rest)?;
        nanoseconds = nanoseconds.checked_add(part).ok_or(DurationProblem::TooLong)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    if nanoseconds > i64::MAX.unsigned_abs() {
        return Err(DurationProblem::TooLong);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// One number with its unit, in nanoseconds, and what follows.
fn part(text: &str) -> Result<(u64, &str), DurationProblem> {
    let number_end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, after) = text.split_at(number_end);
    let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
    let (unit, rest) = after.split_at(unit_end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(DurationProblem::Number(text.to_owned()));
    }
    let &(_, scale) =
        UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| DurationProblem::Unit(unit.to_owned()))?;
    let whole: u64 =
        if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationProblem::TooLong)? };
    let mut nanoseconds = whole.checked_mul(scale).ok_or(DurationProblem::TooLong)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        // Go cuts what is finer than a nanosecond; a tenth of the place at a time never rounds up.
        let value = u64::from(digit - b'0') * place / 10;
        nanoseconds = nanoseconds.checked_add(value).ok_or(DurationProblem::TooLong)?;
        place /= 10;
    }
    Ok((nanoseconds, rest))
}

/// Writes a duration as Go does: `1h30m0s`, `1.5s`, `250ms`, `0s`.
///
/// Source: Go, `time.Duration.String`.
pub fn format(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    for (unit, scale, most) in
        [("ns", 1_u128, 1_000_u128), ("µs", 1_000, 1_000_000), ("ms", 1_000_000, 1_000_000_000)]
    {
        if nanoseconds < most {
            return decimal(nanoseconds, scale) + unit;
        }
    }
    let mut text = String::new();
    let minutes = nanoseconds / 60_000_000_000;
    let hours = minutes / 60;
    // Writing to a String cannot fail.
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if minutes > 0 {
        let _ = write!(text, "{}m", minutes % 60);
    }
    text + &decimal(nanoseconds % 60_000_000_000, 1_000_000_000) + "s"
}

/// `value / scale` with as many decimals as it needs. `scale` is a power of ten.
fn decimal(value: u128, scale: u128) -> String {
    let whole = value / scale;
    let fraction = value % scale;
    if fraction == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("0s", 0),
            ("10m", 600_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1h30m0s", 5_400_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("2.s", 2_000_000_000),
            ("+5s", 5_000_000_000),
            ("250ms", 250_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1.0000000001s", 1_000_000_000),
            ("3ns", 3),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_reason() {
        for (text, problem) in [
            ("", DurationProblem::Empty),
            ("-5s", DurationProblem::Negative),
            ("+", DurationProblem::Number(String::new())),
            ("s", DurationProblem::Number("s".into())),
            (".s", DurationProblem::Number(".s".into())),
            ("5", DurationProblem::Unit(String::new())),
            ("5 m", DurationProblem::Unit(" m".into())),
            ("1d", DurationProblem::Unit("d".into())),
            ("9999999999h", DurationProblem::TooLong),
        ] {
            assert_eq!(parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_go_writes_them_and_read_back() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1), "1ns"),
            (Duration::from_nanos(1_500), "1.5µs"),
            (Duration::from_millis(250), "250ms"),
            (Duration::from_millis(1_500), "1.5s"),
            (Duration::from_mins(1), "1m0s"),
            (Duration::from_mins(90), "1h30m0s"),
            (Duration::from_hours(24), "24h0m0s"),
        ] {
            assert_eq!(format(duration), text);
            assert_eq!(parse(text), Ok(duration));
        }
    }
}

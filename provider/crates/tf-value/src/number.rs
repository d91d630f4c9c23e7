//! Numbers of any size, exactly.

use std::fmt;

/// A decimal number, exact: an integer outside 64 bits and a fraction that no binary float holds keep every digit.
///
/// Kept as Terraform writes it: digits without exponent, no leading zeros, no trailing zeros after the point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

/// Why a text is not a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANumber;

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number")
    }
}

impl std::error::Error for NotANumber {}

/// Digits a number may have when its exponent is written out. Terraform's own numbers stay far below.
const MOST_DIGITS: i64 = 20_000;

impl Number {
    /// Parses a decimal text, with or without fraction and exponent, or `inf` and `-inf`.
    ///
    /// # Errors
    ///
    /// [`NotANumber`] if it is none, or if written out it has more than 20,000 digits.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest.eq_ignore_ascii_case("inf") {
            return Ok(Self(if negative { "-inf".into() } else { "inf".into() }));
        }
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| NotANumber)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty()
            || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return Err(NotANumber);
        }
        let digits = format!("{whole}{fraction}");
        let whole_length = i64::try_from(whole.len()).map_err(|_| NotANumber)?;
        let point = whole_length.checked_add(exponent).ok_or(NotANumber)?;
        Self::assemble(negative, &digits, point)
    }

    /// Puts a number together from its digits and the place of the point, counted from the first digit.
    fn assemble(negative: bool, digits: &str, point: i64) -> Result<Self, NotANumber> {
        let length = i64::try_from(digits.len()).map_err(|_| NotANumber)?;
        if !(-MOST_DIGITS..=MOST_DIGITS).contains(&point) || length > MOST_DIGITS {
            return Err(NotANumber);
        }
        let (mut whole, mut fraction) = if point <= 0 {
            (String::new(), "0".repeat(point.unsigned_abs().try_into().map_err(|_| NotANumber)?) + digits)
        } else if point >= length {
            let zeros = usize::try_from(point - length).map_err(|_| NotANumber)?;
            (digits.to_owned() + &"0".repeat(zeros), String::new())
        } else {
            let (whole, fraction) = digits.split_at(usize::try_from(point).map_err(|_| NotANumber)?);
            (whole.to_owned(), fraction.to_owned())
        };
        whole = whole.trim_start_matches('0').to_owned();
        if whole.is_empty() {
            whole.push('0');
        }
        fraction.truncate(fraction.trim_end_matches('0').len());
        let sign = if negative && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
        Ok(Self(if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }))
    }

    /// Takes a binary float with every digit it has. Not a number becomes zero, which Terraform never sends.
    pub fn from_f64(value: f64) -> Self {
        if value.is_infinite() {
            return Self(if value < 0.0 { "-inf".into() } else { "inf".into() });
        }
        // 1074 is the largest count of binary places of a float, so of decimal ones too.
        Self::parse(&format!("{value:.1074}")).unwrap_or_else(|_| Self::from(0_i64))
    }

    /// The number as an integer of 64 bits, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The number as a binary float: positive or negative infinity, else nothing.
    pub fn infinity(&self) -> Option<f64> {
        match self.0.as_str() {
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }

    /// All its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_one_text() {
        for (text, want) in [
            ("7", "7"),
            ("-0", "0"),
            ("007.50", "7.5"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            ("12345678901234567890", "12345678901234567890"),
            ("3.14159265358979323846264338327950288419", "3.14159265358979323846264338327950288419"),
            ("-inf", "-inf"),
        ] {
            assert_eq!(Number::parse(text).map(|n| n.to_string()), Ok(want.to_owned()), "{text}");
        }
        for text in ["", "-", ".", "1x", "1e", "1e99999999999", "0x10", "1e30000"] {
            assert_eq!(Number::parse(text), Err(NotANumber), "{text}");
        }
    }

    #[test]
    fn floats_keep_every_digit() {
        assert_eq!(Number::from_f64(1.5).as_str(), "1.5");
        assert_eq!(
            Number::from_f64(0.1).as_str(),
            "0.1000000000000000055511151231257827021181583404541015625"
        );
        assert_eq!(Number::from_f64(-1e22).as_str(), "-10000000000000000000000");
    }
}

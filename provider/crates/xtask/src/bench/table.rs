//! Rows of the table.

use std::time::Duration;

/// Begins a part of the table.
pub(crate) fn head(what: &str, columns: &[&str]) {
    println!();
    row(what, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>());
}

/// One row.
pub(crate) fn row(what: &str, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>13}")).collect();
    println!("{what:<44}{}", cells.concat());
}

/// A time of some milliseconds.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// A time of some seconds.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Memory.
pub(crate) fn mebibytes(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

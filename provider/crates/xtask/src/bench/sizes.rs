//! What each crate adds to the binary, by the symbols that are left in one that keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::bench::table;
use crate::repository::Repository;
use crate::{environment, run};

/// How many crates have a row of their own.
const ROWS: usize = 20;

/// Builds the binary once more with its symbols, and prints a row per crate.
///
/// # Errors
///
/// It does not build, or there is no `nm`.
pub(crate) fn measure(repository: &Repository, folder: &Path) -> anyhow::Result<()> {
    let Some(nm) = environment::program("nm") else {
        println!("\ncode and data by crate: not measured, nm is not on the PATH");
        return Ok(());
    };
    let binary = repository.target_dir().join("release/terraform-provider-kurator");
    let shipped = folder.join("shipped");
    fs::copy(&binary, &shipped).context("keeping the binary that ships")?;
    // Linked anew, not compiled: the argument is for the last crate alone.
    let build =
        ["rustc", "--release", "-p", "terraform-provider-kurator", "--bin", "terraform-provider-kurator"];
    run::output(repository.cargo(&build).args(["--", "-C", "strip=none"]))?;
    let listed = run::output(Command::new(nm).args(["--print-size", "--demangle"]).arg(&binary))?;
    // What ships is what the next one finds.
    fs::remove_file(&binary).and_then(|()| fs::copy(&shipped, &binary)).context("putting the binary back")?;

    let mut crates: Vec<(String, u64)> = by_crate(&listed).into_iter().collect();
    crates.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    table::head("code and data by crate", &["size"]);
    let (shown, rest) = crates.split_at(crates.len().min(ROWS));
    for (name, size) in shown {
        table::row(name, &[kilobytes(*size)]);
    }
    table::row(&format!("{} others", rest.len()), &[kilobytes(rest.iter().map(|(_, size)| size).sum())]);
    let symbols: u64 = crates.iter().map(|(_, size)| size).sum();
    let whole = fs::metadata(&shipped).context("reading the binary's size")?.len();
    table::row("what no symbol covers: unwind tables, texts", &[kilobytes(whole.saturating_sub(symbols))]);
    println!("    Generic code counts for the crate that wrote it, not for the one that uses it.");
    Ok(())
}

fn kilobytes(size: u64) -> String {
    format!("{} kB", size / 1000)
}

/// Sums up the lines of `nm`: address, size, type, name.
fn by_crate(listed: &str) -> BTreeMap<String, u64> {
    let mut crates = BTreeMap::new();
    for line in listed.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(size), Some(kind), Some(name)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(size) = u64::from_str_radix(size, 16) else { continue };
        // What takes room in memory alone takes none in the file.
        if matches!(kind, "b" | "B") {
            continue;
        }
        *crates.entry(crate_of(name)).or_default() += size;
    }
    crates
}

/// The crate that a symbol belongs to: the first name in it that is followed by `::`.
fn crate_of(symbol: &str) -> String {
    if symbol.starts_with("aws_lc") || symbol.contains("_aws_lc_") {
        return "aws-lc (C and assembler)".to_owned();
    }
    let Some(end) = symbol.find("::") else { return "C, the linker and the system".to_owned() };
    let start = symbol[..end].rfind(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    symbol[start.map_or(0, |start| start + 1)..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_belongs_to_the_crate_that_it_names_first() {
        for (symbol, name) in [
            ("kube_client::client::Client::send", "kube_client"),
            ("<alloc::vec::Vec<T> as core::clone::Clone>::clone", "alloc"),
            ("<&mut serde_json::de::Deserializer<R> as serde::Deserializer>::deserialize_seq", "serde_json"),
            ("aws_lc_0_37_0_EVP_sha256", "aws-lc (C and assembler)"),
            ("memcpy", "C, the linker and the system"),
        ] {
            assert_eq!(crate_of(symbol), name, "{symbol}");
        }
    }

    #[test]
    fn sizes_add_up_and_what_takes_no_room_in_the_file_does_not_count() {
        let listed = "0000000000001000 0000000000000010 t rustls::a\n\
                      0000000000001010 0000000000000020 r rustls::b\n\
                      0000000000001030 0000000000000400 b rustls::C\n\
                      0000000000001040 T main\n";
        assert_eq!(by_crate(listed), BTreeMap::from([("rustls".to_owned(), 0x30)]));
    }
}

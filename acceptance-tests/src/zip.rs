//! Reading zip archives, as plan files are: stored and deflated entries, found by the central directory.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use flate2::read::DeflateDecoder;

/// The longest end record: 22 bytes and a comment of at most 65535.
const END_MOST: usize = 22 + 65_535;

/// The entries of an archive by name.
pub(crate) fn entries(archive: &[u8]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let tail = archive.len().saturating_sub(END_MOST);
    let end = (tail..archive.len().saturating_sub(21))
        .rev()
        .find(|at| archive[*at..].starts_with(b"PK\x05\x06"))
        .context("it has no central directory")?;
    let count = number(archive, end + 10, 2)?;
    let mut at = number(archive, end + 16, 4)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        if number(archive, at, 4)? != 0x0201_4b50 {
            bail!("its central directory is damaged");
        }
        let (method, size) = (number(archive, at + 10, 2)?, number(archive, at + 20, 4)?);
        let name_length = number(archive, at + 28, 2)?;
        let rest = number(archive, at + 30, 2)? + number(archive, at + 32, 2)?;
        let name = String::from_utf8_lossy(slice(archive, at + 46, name_length)?).into_owned();
        let local = number(archive, at + 42, 4)?;
        let data = local + 30 + number(archive, local + 26, 2)? + number(archive, local + 28, 2)?;
        let packed = slice(archive, data, size)?;
        let content = match method {
            0 => packed.to_vec(),
            8 => inflate(packed).with_context(|| format!("unpacking {name}"))?,
            _ => bail!("{name} is packed by method {method}"),
        };
        entries.push((name, content));
        at += 46 + name_length + rest;
    }
    Ok(entries)
}

fn inflate(packed: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut content)?;
    Ok(content)
}

fn slice(archive: &[u8], at: usize, length: usize) -> anyhow::Result<&[u8]> {
    archive.get(at..at + length).context("it ends too early")
}

fn number(archive: &[u8], at: usize, length: usize) -> anyhow::Result<usize> {
    Ok(slice(archive, at, length)?.iter().rev().fold(0, |value, byte| (value << 8) | usize::from(*byte)))
}

//! Zip archives whose bytes depend on nothing but what is in them.

use std::io::{Cursor, Write as _};

use anyhow::Context as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Packs files: name, content and permissions each. All bear the earliest time that a zip can hold.
pub(super) fn pack(entries: &[(&str, &[u8], u32)]) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, permissions) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(*permissions);
        archive.start_file(*name, options).with_context(|| format!("packing {name}"))?;
        archive.write_all(content).with_context(|| format!("packing {name}"))?;
    }
    Ok(archive.finish().context("packing")?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_depends_on_its_entries_alone() {
        let entries: [(&str, &[u8], u32); 2] = [("LICENSE", b"text", 0o644), ("program", b"code", 0o755)];
        let first = pack(&entries).unwrap();
        assert_eq!(first, pack(&entries).unwrap());
        assert_ne!(first, pack(&entries[..1]).unwrap());
    }
}

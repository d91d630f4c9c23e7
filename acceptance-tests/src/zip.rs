//! Zip archives: plan files, and the provider as registries give it.

use std::fs::File;
use std::io::{BufWriter, Cursor, Read as _};
use std::path::Path;

use anyhow::Context as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The entries of an archive by name.
pub(crate) fn entries(archive: &[u8]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let mut content = Vec::new();
        let name = entry.name()?.into_owned();
        entry.read_to_end(&mut content).with_context(|| format!("unpacking {name}"))?;
        entries.push((name, content));
    }
    Ok(entries)
}

/// Packs one program. It is stored as it is: a test waits for no compression.
pub(crate) fn pack(program: &Path, name: &str, archive: &Path) -> anyhow::Result<()> {
    let doing = || format!("packing {}", archive.display());
    let mut writer = ZipWriter::new(BufWriter::new(File::create(archive).with_context(doing)?));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o755);
    writer.start_file(name, options).with_context(doing)?;
    std::io::copy(&mut File::open(program).with_context(doing)?, &mut writer).with_context(doing)?;
    writer.finish().map(drop).with_context(doing)
}

/// Unpacks an archive into a folder.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> anyhow::Result<()> {
    let doing = || format!("unpacking {}", archive.display());
    ZipArchive::new(File::open(archive).with_context(doing)?)
        .with_context(doing)?
        .extract(folder)
        .with_context(doing)
}

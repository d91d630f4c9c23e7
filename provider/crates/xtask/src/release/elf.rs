//! Whether a program needs a loader of the machine that it runs on.

/// The loader that an ELF program of 64 bits asks for; none for a static program, and for one that is no ELF program.
///
/// Source: "Tool Interface Standard: Executable and Linking Format", version 1.2, with the 64-bit layout of `elf(5)`.
pub(super) fn interpreter(program: &[u8]) -> Option<String> {
    /// A program header of this type names the loader.
    const PT_INTERP: u64 = 3;
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let headers = number(program, 0x20, 8)?;
    let (size, count) = (number(program, 0x36, 2)?, number(program, 0x38, 2)?);
    let header = (0..count)
        .map(|index| headers + index * size)
        .find(|at| number(program, *at, 4) == Some(PT_INTERP))?;
    let (begin, length) = (number(program, header + 8, 8)?, number(program, header + 32, 8)?);
    let text = program.get(usize::try_from(begin).ok()?..usize::try_from(begin + length).ok()?)?;
    Some(String::from_utf8_lossy(text).trim_end_matches('\0').to_owned())
}

/// The little-endian number of `length` bytes at `at`.
fn number(program: &[u8], at: u64, length: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = program.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with one header of type `kind` that names `/lib/ld.so`.
    fn program(kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[0x20], bytes[0x36], bytes[0x38]) = (64, 56, 1);
        (bytes[64], bytes[72], bytes[96]) = (kind, 120, 11);
        bytes.extend_from_slice(b"/lib/ld.so\0");
        bytes
    }

    #[test]
    fn a_program_that_wants_a_loader_is_told_from_one_that_does_not() {
        assert_eq!(interpreter(&program(3)).as_deref(), Some("/lib/ld.so"));
        assert_eq!(interpreter(&program(1)), None);
        assert_eq!(interpreter(b"#!/bin/sh"), None);
        assert_eq!(interpreter(&program(3)[..70]), None);
    }
}

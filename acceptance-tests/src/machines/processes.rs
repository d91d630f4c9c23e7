//! What is in the arguments and in the environment of processes while something goes on. Those of machines are seen from
//! here, too.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use anyhow::anyhow;

/// What was seen, each text once.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Arguments, with blanks between them.
    pub arguments: BTreeSet<String>,
    /// Environments, with blanks between their variables.
    pub environments: BTreeSet<String>,
}

/// Somebody who looks at all processes again and again, until told to stop.
#[derive(Debug, Default)]
pub struct Watch {
    is_over: AtomicBool,
    looks: AtomicUsize,
}

impl Watch {
    /// Begins to look.
    pub fn begin<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> ScopedJoinHandle<'scope, Seen> {
        scope.spawn(|| {
            let mut seen = Seen::default();
            while !self.is_over.load(Ordering::Relaxed) {
                look(&mut seen);
                self.looks.fetch_add(1, Ordering::Relaxed);
            }
            seen
        })
    }

    /// Stops, and gives what was seen and how often one looked.
    ///
    /// # Errors
    ///
    /// The one who looked has panicked.
    pub fn end(&self, watching: ScopedJoinHandle<'_, Seen>) -> anyhow::Result<(Seen, usize)> {
        self.is_over.store(true, Ordering::Relaxed);
        let seen = watching.join().map_err(|_| anyhow!("whoever looked at processes has panicked"))?;
        Ok((seen, self.looks.load(Ordering::Relaxed)))
    }
}

fn look(seen: &mut Seen) {
    let Ok(entries) = fs::read_dir("/proc") else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // One that is gone by now has nothing to show.
        let read = |name: &str| {
            let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        seen.arguments.insert(read("cmdline"));
        seen.environments.insert(read("environ"));
    }
}

/// What looks like a token that machines join with, in a text: six characters, a dot and sixteen.
pub fn tokens(text: &str) -> Vec<&str> {
    let is_inside = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let dots = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    dots.filter_map(|dot| {
        let (begin, end) = (dot.checked_sub(6)?, dot + 17);
        let token = bytes.get(begin..end)?;
        let (id, secret) = (&token[..6], &token[7..]);
        let outer = [begin.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(end)];
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        // Among sixteen characters drawn at random there is a digit; words have none.
        let is_token = id.iter().chain(secret).all(is_inside) && secret.iter().any(u8::is_ascii_digit);
        (is_token && !outer.into_iter().flatten().any(is_word)).then(|| text.get(begin..end)).flatten()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_and_nothing_that_only_looks_like_a_part_of_one() {
        assert_eq!(tokens("--token abcdef.0123456789abcdef x"), ["abcdef.0123456789abcdef"]);
        assert!(tokens("kubeadm-abcdef.0123456789abcdef").is_empty());
        assert!(tokens("abcdef.0123456789abcdef0").is_empty());
        assert!(tokens("docker.servicecontainer").is_empty());
    }

    #[test]
    fn a_watch_sees_this_very_program() {
        let watch = Watch::default();
        let (seen, looks) = std::thread::scope(|scope| {
            let watching = watch.begin(scope);
            while watch.looks.load(Ordering::Relaxed) == 0 {}
            watch.end(watching)
        })
        .unwrap();
        let own = std::env::args().next().unwrap();
        assert!(looks > 0 && seen.arguments.iter().any(|text| text.contains(&own)));
    }
}

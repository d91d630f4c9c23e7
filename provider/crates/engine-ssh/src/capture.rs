//! One of a program's two outputs: what came before it began, and as much of the rest as is wanted.

/// How much is kept of what is said before a program begins.
const MOST_PREAMBLE: usize = 16 * 1024;

/// Which part is kept if there is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Beginning,
    End,
}

/// One output.
pub(crate) struct Capture {
    token: String,
    part: Part,
    most: usize,
    has_begun: bool,
    preamble: Vec<u8>,
    kept: Vec<u8>,
    total: u64,
}

impl Capture {
    pub(crate) fn new(token: &str, part: Part, most: usize) -> Self {
        Self {
            token: token.to_owned(),
            part,
            most,
            has_begun: false,
            preamble: Vec::new(),
            kept: Vec::new(),
            total: 0,
        }
    }

    /// Takes what came in.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.has_begun {
            self.keep(bytes);
            return;
        }
        self.preamble.extend_from_slice(bytes);
        let mark = format!("{}\n", self.token);
        if let Some(at) = find(&self.preamble, mark.as_bytes()) {
            self.has_begun = true;
            let rest = self.preamble.split_off(at + mark.len());
            self.preamble.truncate(at);
            self.keep(&rest);
        } else if self.preamble.len() > 2 * MOST_PREAMBLE {
            self.preamble.drain(..self.preamble.len() - MOST_PREAMBLE);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        match self.part {
            Part::Beginning => {
                let room = self.most.saturating_sub(self.kept.len());
                self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            }
            Part::End => {
                self.kept.extend_from_slice(bytes);
                // Not at every call: moving the rest forward costs as much as there is.
                if self.kept.len() > 2 * self.most {
                    self.cut();
                }
            }
        }
    }

    fn cut(&mut self) {
        self.kept.drain(..self.kept.len().saturating_sub(self.most));
    }

    /// Whether the program has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How often `sudo` asked before that.
    pub(crate) fn questions(&self) -> usize {
        let question = format!("{}?", self.token);
        String::from_utf8_lossy(&self.preamble).matches(&question).count()
    }

    /// What was said before the program began, without what is ours.
    pub(crate) fn preamble(&self) -> String {
        let said = String::from_utf8_lossy(&self.preamble).replace(&format!("{}?", self.token), "");
        said.trim().to_owned()
    }

    /// How many bytes came after it began.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The last line, if it is whole and one of ours: what it says after the token.
    pub(crate) fn last_word(&self) -> Option<&str> {
        let text = self.kept.strip_suffix(b"\n")?;
        let line = text.rsplit(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(line).ok()?.strip_prefix(self.token.as_str())?.strip_prefix(' ')
    }

    /// What was kept, without a last word of ours, and how much was not.
    pub(crate) fn finish(mut self) -> (Vec<u8>, u64) {
        if let Some(word) = self.last_word() {
            // The word, the space, the token and the two line ends around them.
            let ours = word.len() + 1 + self.token.len() + 2;
            self.kept.truncate(self.kept.len().saturating_sub(ours));
            self.total = self.total.saturating_sub(ours as u64);
        }
        if self.part == Part::End {
            self.cut();
        }
        let left_out = self.total - self.kept.len() as u64;
        (self.kept, left_out)
    }
}

fn find(all: &[u8], wanted: &[u8]) -> Option<usize> {
    all.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(part: Part, pieces: &[&str]) -> Capture {
        let mut capture = Capture::new("T0", part, 10);
        for piece in pieces {
            capture.push(piece.as_bytes());
        }
        capture
    }

    #[test]
    fn what_a_login_says_first_is_no_output() {
        let capture = captured(Part::Beginning, &["Welcome!\nT", "0\nab", "c"]);
        assert_eq!(capture.preamble(), "Welcome!");
        assert_eq!(capture.finish(), (b"abc".to_vec(), 0));
        assert!(!captured(Part::End, &["no T0 here"]).has_begun());
    }

    #[test]
    fn questions_of_sudo_are_counted_and_not_shown() {
        let capture = captured(Part::End, &["T0?", "Sorry, try again.\nT0?"]);
        assert_eq!((capture.questions(), capture.preamble().as_str()), (2, "Sorry, try again."));
    }

    #[test]
    fn too_much_is_cut_at_the_end_that_matters_less() {
        let pieces = ["T0\n", "0123456", "7890", "1234567", "89", "xyz"];
        assert_eq!(captured(Part::Beginning, &pieces).finish(), (b"0123456789".to_vec(), 13));
        assert_eq!(captured(Part::End, &pieces).finish(), (b"3456789xyz".to_vec(), 13));
    }

    #[test]
    fn the_last_word_is_ours_only_if_it_is_a_whole_line() {
        let capture = captured(Part::End, &["T0\nabc\nT0 done", " 0 3\n"]);
        assert_eq!(capture.last_word(), Some("done 0 3"));
        assert_eq!(capture.finish(), (b"abc".to_vec(), 0));
        assert_eq!(captured(Part::End, &["T0\nabc\nT0 done 0"]).last_word(), None);
        assert_eq!(captured(Part::End, &["T0\nabc T0 done 0 3\n"]).last_word(), None);
    }
}

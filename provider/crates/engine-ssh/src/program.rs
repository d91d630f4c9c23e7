//! What is sent to a machine's shell: a line for its process arguments that says nothing, and all else by standard
//! input.

use engines::machines::Rights;
use engines::secret::{ExposeSecret as _, SecretBytes};
use uuid::Uuid;

/// Runs a script; see there.
const RUN: &str = include_str!("scripts/run.sh");
/// Writes a file.
const PUT: &str = include_str!("scripts/put.sh");
/// Reads a file.
const GET: &str = include_str!("scripts/get.sh");

/// One program for `sh`.
pub(crate) struct Program {
    /// Random letters that tell what is ours in its outputs.
    pub(crate) token: String,
    /// How much of standard input is program.
    length: usize,
    /// The program, and what it reads itself.
    input: SecretBytes,
    /// Whether it goes on when the connection is lost, and says itself when it is done.
    pub(crate) is_step: bool,
    /// As whom it is run.
    pub(crate) rights: Rights,
}

/// How one becomes root, with what is needed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Not at all.
    Straight,
    /// By `sudo` that asks for nothing.
    Sudo,
    /// By `sudo` that may ask for a password.
    SudoWithPassword,
}

impl Program {
    /// Runs a script; as a step if it has a name.
    pub(crate) fn run(script: &str, name: Option<&str>) -> Self {
        let (token, call) = (token(), token());
        let script = format!("{script}\n#{token}");
        let arguments = [token.as_str(), &script.len().to_string(), name.unwrap_or_default(), &call];
        Self::new(RUN, "kurator_run", &arguments, script.as_bytes(), token.clone(), name.is_some())
    }

    /// The same, run as somebody else.
    pub(crate) fn with(self, rights: Rights) -> Self {
        Self { rights, ..self }
    }

    /// Writes a file.
    pub(crate) fn put(path: &str, mode: u32, owner: &str, content: &[u8]) -> Self {
        let arguments = [path, &content.len().to_string(), &format!("{mode:o}"), owner];
        Self::new(PUT, "kurator_put", &arguments, content, token(), false)
    }

    /// Reads a file.
    pub(crate) fn get(path: &str, most: usize) -> Self {
        Self::new(GET, "kurator_get", &[path, &most.to_string()], &[], token(), false)
    }

    fn new(
        functions: &str,
        function: &str,
        arguments: &[&str],
        input: &[u8],
        token: String,
        is_step: bool,
    ) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|argument| quote(argument)).collect();
        // The call comes last, so that a program that was cut off does nothing.
        let mut all = format!("{functions}\n{function} {}\n", arguments.join(" ")).into_bytes();
        let length = all.len();
        all.extend_from_slice(input);
        Self { token, length, input: SecretBytes::from(all), is_step, rights: Rights::Root }
    }

    /// The bytes for standard input.
    pub(crate) fn input(&self) -> &[u8] {
        self.input.expose_secret()
    }

    /// The line that a machine's login shell is given, whichever shell that is.
    pub(crate) fn line(&self, way: Way) -> String {
        let Self { token, length, .. } = self;
        let shell = format!("sh -c 'echo {token}; echo {token} >&2; eval \"$(head -c {length})\"'");
        match way {
            Way::Straight => shell,
            // In the C locale, so that what it says is understood.
            Way::Sudo => format!("env LC_ALL=C sudo -n -H -- {shell}"),
            Way::SudoWithPassword => format!("env LC_ALL=C sudo -S -H -p '{token}?' -- {shell}"),
        }
    }
}

/// Random letters and digits.
fn token() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A word as a POSIX shell reads it.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_line_holds_a_token_and_a_length_and_nothing_else() {
        let program = Program::run("echo hunter2", Some("a"));
        for way in [Way::Straight, Way::Sudo, Way::SudoWithPassword] {
            let line = program.line(way).replace(&program.token, "").replace(&program.length.to_string(), "");
            assert!(!line.contains("hunter2") && line.len() < 80, "{line}");
        }
        assert!(
            String::from_utf8_lossy(program.input()).ends_with(&format!("echo hunter2\n#{}", program.token))
        );
    }

    #[test]
    fn words_are_quoted() {
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }

    /// Gives a program to a shell of this machine, but only so much of it, and what it said.
    fn given(program: &Program, length: usize) -> String {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &program.line(Way::Straight)]);
        let (stdin, stdout) = (std::process::Stdio::piped(), std::process::Stdio::piped());
        let mut child = command.stdin(stdin).stdout(stdout).spawn().unwrap();
        // A shell that has enough hangs up.
        child.stdin.take().unwrap().write_all(&program.input()[..length]).ok();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn of_a_script_that_is_cut_off_on_the_way_nothing_is_run() {
        let program = Program::run("echo ran\necho ran", None);
        let whole = program.input().len();
        for missing in [1, 20, 33, 34, 40, 50, 60, 500, 2000] {
            let said = given(&program, whole - missing);
            assert!(!said.contains("ran"), "{missing}: {said}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_is_cut_off_on_the_way_is_not_put_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "old").unwrap();
        let program = Program::put(path.to_str().unwrap(), 0o644, "", b"new content");
        for missing in [1, 11, 12, 100] {
            given(&program, program.input().len() - missing);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "old", "{missing}");
        }
        given(&program, program.input().len());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new content");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! What `sudo` and a login shell say when they do not let a program begin.

use engines::error::{Kind, SudoProblem};

use crate::program::Way;

/// Why a program did not begin, by what was said in its place.
pub(crate) fn judge(way: Way, questions: usize, said: &str) -> (Kind, String) {
    let said = if said.is_empty() { "it said nothing".to_owned() } else { format!("it said: {said}") };
    let problem = match way {
        Way::Straight => return (Kind::LoginRefused, format!("its shell runs no commands; {said}")),
        _ if questions > 1 || said.contains("try again") || said.contains("incorrect") => {
            SudoProblem::PasswordWrong
        }
        // In these words since 1.8, and those of sudo-rs.
        _ if said.contains("a password is required")
            || said.contains("a terminal is required")
            || said.contains("uthentication is required")
            || said.contains("no password was provided") =>
        {
            SudoProblem::PasswordNeeded
        }
        _ => SudoProblem::Refused,
    };
    (Kind::Sudo(problem), format!("sudo gave no root; {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (way, questions, said, kind) in [
            (Way::Sudo, 0, "sudo: a password is required", Kind::Sudo(SudoProblem::PasswordNeeded)),
            (
                Way::Sudo,
                0,
                "sudo: interactive authentication is required",
                Kind::Sudo(SudoProblem::PasswordNeeded),
            ),
            (Way::SudoWithPassword, 2, "Sorry, try again.", Kind::Sudo(SudoProblem::PasswordWrong)),
            (
                Way::SudoWithPassword,
                1,
                "sudo: 1 incorrect password attempt",
                Kind::Sudo(SudoProblem::PasswordWrong),
            ),
            (Way::SudoWithPassword, 1, "ann is not in the sudoers file.", Kind::Sudo(SudoProblem::Refused)),
            (Way::Sudo, 0, "sh: 1: sudo: not found", Kind::Sudo(SudoProblem::Refused)),
            (Way::Sudo, 0, "ann is not in the sudoers file.", Kind::Sudo(SudoProblem::Refused)),
            (Way::Straight, 0, "This account is currently not available.", Kind::LoginRefused),
        ] {
            let (found, text) = judge(way, questions, said);
            assert_eq!(found, kind, "{said}");
            assert!(text.contains(said), "{text}");
        }
    }
}

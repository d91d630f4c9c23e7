//! Repositories for the git server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Keeps git from reading the configuration of the user and of the machine.
pub(crate) const NO_USER_CONFIG: &[(&str, &str)] = &[
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_AUTHOR_NAME", "lab"),
    ("GIT_AUTHOR_EMAIL", "lab@localhost"),
    ("GIT_COMMITTER_NAME", "lab"),
    ("GIT_COMMITTER_EMAIL", "lab@localhost"),
    // Fixed, so that the same content after the same history has the same commit id.
    ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
    ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
];

/// The branch that everything is on.
const BRANCH: &str = "refs/heads/main";

/// Refuses if there is no git, with the command that helps.
pub(crate) fn check() -> anyhow::Result<()> {
    match Command::new("git").arg("--version").stdout(Stdio::null()).status() {
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            bail!("the lab needs git, and there is none in PATH; get it with `sudo apt-get install git`")
        }
        Err(cause) => Err(cause).context("running git"),
    }
}

/// Makes the content of `folder` the content of branch `main` of the repository `name` under `root`.
///
/// The repository is made if it is not there. Gives the commit, which is a new one only if the content changed.
///
/// # Errors
///
/// The name is not a plain one; git refuses.
pub(crate) fn seed(root: &Path, name: &str, folder: &Path) -> anyhow::Result<String> {
    let name = name.strip_suffix(".git").unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
        bail!("seeding repository {name}: the name may consist of letters, digits, `-`, `_` and `.`");
    }
    let repository = Repository { dir: root.join(format!("{name}.git")) };
    repository.seed(folder).with_context(|| format!("seeding repository {name} with {}", folder.display()))
}

struct Repository {
    dir: PathBuf,
}

impl Repository {
    fn seed(&self, folder: &Path) -> anyhow::Result<String> {
        let folder = folder.canonicalize().context("finding the folder")?;
        if !self.dir.join("HEAD").exists() {
            self.create()?;
        }
        let index = tempfile::NamedTempFile::new_in(&self.dir).context("making an index")?.into_temp_path();
        // git takes an empty file for a broken index, and makes a missing one.
        fs::remove_file(&index).context("making an index")?;
        self.git(&["add", "--all", "--force", "."], Some((&folder, &index)))?;
        let tree = self.git(&["write-tree"], Some((&folder, &index)))?;
        let mut commit = vec!["commit-tree", "-m", "seed", &tree];
        let parent = self.git(&["rev-parse", "--verify", "--quiet", BRANCH], None).ok();
        if let Some(parent) = &parent {
            if self.git(&["rev-parse", &format!("{parent}^{{tree}}")], None)? == tree {
                return Ok(parent.clone());
            }
            commit.extend(["-p", parent]);
        }
        let commit = self.git(&commit, None)?;
        self.git(&["update-ref", BRANCH, &commit], None)?;
        Ok(commit)
    }

    fn create(&self) -> anyhow::Result<()> {
        crate::files::private_dir(&self.dir)?;
        self.git(&["init", "--quiet", "--bare", "--template=", "--initial-branch=main"], None)?;
        self.git(&["config", "http.receivepack", "true"], None)?;
        Ok(())
    }

    /// Runs git on the repository and gives what it prints, without the end of line.
    fn git(&self, args: &[&str], work: Option<(&Path, &Path)>) -> anyhow::Result<String> {
        let doing = || format!("running git {}", args.first().unwrap_or(&""));
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(&self.dir)
            .envs(NO_USER_CONFIG.iter().copied())
            .env("GIT_DIR", &self.dir)
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE");
        if let Some((folder, index)) = work {
            command.current_dir(folder).env("GIT_WORK_TREE", folder).env("GIT_INDEX_FILE", index);
        }
        let output = command.stdin(Stdio::null()).output().with_context(doing)?;
        if !output.status.success() {
            bail!("{}: {}", doing(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout).with_context(doing)?.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_that_did_not_change_makes_no_commit_and_content_that_did_makes_one() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.yaml"), "a").unwrap();
        let first = seed(dir.path(), "apps", &folder).unwrap();
        assert_eq!(first, seed(dir.path(), "apps", &folder).unwrap());
        fs::write(folder.join("a.yaml"), "b").unwrap();
        assert_ne!(first, seed(dir.path(), "apps.git", &folder).unwrap());
        assert_eq!(
            first,
            seed(dir.path(), "other", &{
                fs::write(folder.join("a.yaml"), "a").unwrap();
                folder
            })
            .unwrap()
        );
    }

    #[test]
    fn a_repository_cannot_be_outside_of_the_root() {
        assert!(seed(Path::new("/nowhere"), "../x", Path::new("/")).is_err());
    }
}

//! An account of the machine that has nothing yet.

use std::fs;
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::environment;
use crate::process::{Finished, Launch};

/// The account. Dropping it removes it with its home.
#[derive(Debug)]
pub struct Account {
    /// Its home.
    pub home: PathBuf,
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Makes the account; one of that name that an earlier run left behind is removed first. Only root can.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn make(name: &str) -> anyhow::Result<Self> {
        if ask("getent", &["passwd", name]).is_ok() {
            ask("userdel", &["--remove", name])?;
        }
        ask("useradd", &["--create-home", "--shell", "/usr/sbin/nologin", name])?;
        let line = ask("getent", &["passwd", name])?;
        let fields: Vec<&str> = line.trim().split(':').collect();
        let [_, _, uid, gid, _, home, ..] = fields.as_slice() else { bail!("reading the account {name}") };
        let doing = || format!("reading the account {name}");
        Ok(Self {
            home: PathBuf::from(home),
            name: name.to_owned(),
            uid: uid.parse().with_context(doing)?,
            gid: gid.parse().with_context(doing)?,
        })
    }

    /// Gives everything below `path` to the account.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn owns(&self, path: &Path) -> anyhow::Result<()> {
        let doing = || format!("giving {} to {}", path.display(), self.name);
        lchown(path, Some(self.uid), Some(self.gid)).with_context(doing)?;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).with_context(doing)? {
                self.owns(&entry.with_context(doing)?.path())?;
            }
        }
        Ok(())
    }

    /// Runs a program as the account, in an environment that knows its home and nothing else of note. What it says
    /// goes to files named after `output`.
    ///
    /// # Errors
    ///
    /// It cannot be started or does not end.
    pub fn run(
        &self,
        program: &Path,
        args: &[&str],
        folder: &Path,
        output: &Path,
        patience: Duration,
    ) -> anyhow::Result<Finished> {
        let (uid, gid) = (self.uid, self.gid);
        let mut all = vec![format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()];
        all.extend(["--".to_owned(), program.display().to_string()]);
        all.extend(args.iter().map(ToString::to_string));
        let env = [
            ("HOME", self.home.clone().into_os_string()),
            ("PATH", "/usr/bin:/bin".into()),
            ("CHECKPOINT_DISABLE", "1".into()),
        ];
        Launch {
            program: environment::on_path("setpriv").context("finding setpriv")?,
            args: all,
            env: env.map(|(key, value)| (key.into(), value)).to_vec(),
            cwd: folder.to_owned(),
            output: output.to_owned(),
        }
        .start()?
        .wait(patience)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // The next run of the same claim removes what is left.
        let _ = ask("userdel", &["--remove", &self.name]);
    }
}

fn ask(program: &str, args: &[&str]) -> anyhow::Result<String> {
    let words = format!("{program} {}", args.join(" "));
    let output = Command::new(program).args(args).output().with_context(|| format!("starting {words}"))?;
    if !output.status.success() {
        bail!("{words}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

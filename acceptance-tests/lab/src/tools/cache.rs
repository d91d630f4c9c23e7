//! Where built tools are, and who may build them.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::environment;
use crate::progress::Progress;
use crate::store;
use crate::tools::build;
use crate::tools::recipe::{self, ALL, Recipe};

/// The tools of one user.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    assets: Option<PathBuf>,
    progress: Progress,
}

impl Cache {
    /// Opens the user's cache; binaries in `$KUBEBUILDER_ASSETS` are used instead of building them.
    ///
    /// # Errors
    ///
    /// Neither `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn open(progress: Progress) -> anyhow::Result<Self> {
        let root = environment::cache_root()?.join("tools");
        Ok(Self { root, assets: environment::kubebuilder_assets(), progress })
    }

    /// Gives the path of a binary, building its module first if need be.
    ///
    /// # Errors
    ///
    /// No such binary; Go is missing or too old; the build broke (with its last lines).
    pub fn binary(&self, name: &str) -> anyhow::Result<PathBuf> {
        if let Some(found) = self.asset(name) {
            return Ok(found);
        }
        let Some(recipe) = recipe::making(name) else {
            let names: Vec<_> =
                recipe::every().flat_map(|recipe| recipe.binaries).map(|binary| binary.name).collect();
            bail!("no tool is called {name}; there are {}", names.join(", "));
        };
        Ok(self.folder(recipe)?.join(name))
    }

    /// Builds the modules called `names`, all that a lab needs if none is named, and gives their folders.
    ///
    /// # Errors
    ///
    /// No such module or binary, else as [`Self::binary`].
    pub fn build(&self, names: &[String]) -> anyhow::Result<Vec<PathBuf>> {
        if names.is_empty() {
            return ALL.iter().map(|recipe| self.folder(recipe)).collect();
        }
        names
            .iter()
            .map(|name| {
                let recipe = recipe::find(name).with_context(|| {
                    let names: Vec<_> = recipe::every().map(|recipe| recipe.name).collect();
                    format!("no tool is called {name}; there are {}", names.join(", "))
                })?;
                self.folder(recipe)
            })
            .collect()
    }

    /// Gives the `config` folder of a module that keeps it, building the module first if need be.
    ///
    /// # Errors
    ///
    /// No such module, else as [`Self::binary`].
    pub fn config(&self, name: &str) -> anyhow::Result<PathBuf> {
        let recipe = recipe::find(name).with_context(|| format!("no tool is called {name}"))?;
        Ok(self.folder(recipe)?.join("config"))
    }

    fn asset(&self, name: &str) -> Option<PathBuf> {
        self.assets.as_ref().map(|dir| dir.join(name)).filter(|path| path.is_file())
    }

    /// Gives the folder of a recipe's results. The folder appears whole or not at all.
    fn folder(&self, recipe: &Recipe) -> anyhow::Result<PathBuf> {
        store::folder(&self.root, recipe.name, &recipe.key(), &self.progress, |scratch| {
            build::build(recipe, scratch, &self.progress)
        })
    }

    /// Gives the folder with the binaries of a module as built here, whatever `$KUBEBUILDER_ASSETS` holds.
    ///
    /// # Errors
    ///
    /// As [`Self::config`].
    pub(crate) fn built(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.folder(recipe::find(name).with_context(|| format!("no tool is called {name}"))?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_ready_made_binary_is_used_instead_of_building_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("etcd"), "").unwrap();
        let assets = Some(dir.path().to_owned());
        let cache = Cache { root: dir.path().join("cache"), assets, progress: Progress::silent() };
        assert_eq!(cache.binary("etcd").unwrap(), dir.path().join("etcd"));
        assert!(!dir.path().join("cache").exists());
    }

    #[test]
    fn a_tool_that_was_built_is_not_built_again() {
        let dir = tempfile::tempdir().unwrap();
        let built = dir.path().join(recipe::find("tofu").unwrap().key());
        fs::create_dir(&built).unwrap();
        let cache = Cache { root: dir.path().to_owned(), assets: None, progress: Progress::silent() };
        assert_eq!(cache.binary("tofu").unwrap(), built.join("tofu"));
    }

    #[test]
    fn an_unknown_tool_is_refused_with_the_names_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache { root: dir.path().to_owned(), assets: None, progress: Progress::silent() };
        assert!(cache.binary("gold").unwrap_err().to_string().contains("kube-apiserver"));
    }
}

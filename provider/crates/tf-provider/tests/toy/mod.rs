//! A toy provider. It keeps its things as files in a directory, and breaks every rule on request: the attribute
//! `behave` of a thing says which.

#![expect(unreachable_pub, reason = "shared by a test and an example, each of which is a crate of its own")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "only tests run it, and some want a panic")]

pub mod echo;
mod more;
mod small;
pub mod thing;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tf_provider::call::Call;
use tf_provider::provider::{Provider, Tables};
use tf_value::attribute::Attribute;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model;
use tf_value::msgpack;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

model! {
    /// The provider block.
    pub struct ToyConfig {
        /// Where things are kept.
        directory: String,
    }
}

/// A directory of things, known once the provider is configured.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<Option<PathBuf>>>);

impl World {
    /// The file of a thing.
    fn file(&self, id: &str) -> Result<PathBuf, Diagnostics> {
        let directory = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Ids may be anything in tests; none may lead out of the directory.
        let name = format!("thing-{}", id.replace(['/', '.', '\0'], "_"));
        directory.map(|directory| directory.join(name)).ok_or_else(|| {
            Diagnostic::error("Directory is not known", "`directory` is not known yet.")
                .at(Path::to("directory"))
                .into()
        })
    }

    /// What is kept under `id`.
    pub fn load(&self, id: &str, ty: &Type) -> Result<Option<Raw>, Diagnostics> {
        match std::fs::read(self.file(id)?) {
            Ok(bytes) => Ok(Some(msgpack::decode(&bytes, ty).unwrap())),
            Err(_) => Ok(None),
        }
    }

    /// Keeps `object` under `id`.
    pub fn store(&self, id: &str, object: &Raw) -> Result<(), Diagnostics> {
        std::fs::write(self.file(id)?, msgpack::encode(object)).unwrap();
        Ok(())
    }

    /// Forgets what is kept under `id`.
    pub fn remove(&self, id: &str) -> Result<(), Diagnostics> {
        drop(std::fs::remove_file(self.file(id)?));
        Ok(())
    }
}

/// The provider.
#[derive(Clone, Debug, Default)]
pub struct Toy {
    /// Its world.
    pub world: World,
}

#[async_trait::async_trait]
impl Provider for Toy {
    type Model = ToyConfig;

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "Things in a directory.".to_owned(),
            attributes: vec![Attribute::string("directory", "Where things are kept.").required()],
        }
    }

    async fn configure(&self, config: ToyConfig, _: &Call<ToyConfig>) -> Diagnostics {
        let directory = match config.directory {
            Value::Known(directory) => Some(PathBuf::from(directory)),
            Value::Null | Value::Unknown => None,
        };
        *self.world.0.lock().unwrap_or_else(PoisonError::into_inner) = directory;
        Diagnostics::none()
    }

    fn tables(&self) -> Tables {
        Tables::new()
            .resource(thing::Things { world: self.world.clone() })
            .resource(echo::Echo)
            .data_source(small::Lookup)
            .ephemeral_resource(small::Token)
            .function(small::Join)
            .list_resource(more::ThingList { world: self.world.clone() })
            .action(more::Bell { world: self.world.clone() })
    }
}

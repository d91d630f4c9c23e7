//! What an import must find again and no API stores: the application as the user wrote it, noted on its source.

use schemas::resources::application::{ApplicationModel, schema};
use tf_value::json;
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;

/// The attributes that are noted. The fleet is not: it is found again where it is.
const NOTED: &[&str] = &["source", "sync_policies", "wait"];

/// The note: JSON in the shape of the schema. Holds no secret, because no attribute of an application is one.
pub(super) fn write(model: &ApplicationModel) -> String {
    let raw = model.to_raw();
    let noted = NOTED.iter().map(|name| ((*name).to_owned(), raw.get(name).clone())).collect();
    json::encode(&Raw::Map(noted)).to_string()
}

/// Reads a note back.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(note: &str) -> Result<ApplicationModel, String> {
    let stored = serde_json::from_str(note).map_err(|error| error.to_string())?;
    ApplicationModel::from_raw(&json::decode(stored, &schema().ty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::resources::application::{GitRepositoryModel, SourceModel};
    use tf_value::value::Value;

    #[test]
    fn a_note_reads_back_as_written() {
        let model = ApplicationModel {
            source: Value::Known(SourceModel {
                git_repository: Value::Known(GitRepositoryModel {
                    url: Value::Known("https://example/apps.git".into()),
                    ..GitRepositoryModel::default()
                }),
            }),
            wait: Value::Known(true),
            ..ApplicationModel::default()
        };
        assert_eq!(read(&write(&model)), Ok(model));
        assert!(read("{").is_err());
    }
}

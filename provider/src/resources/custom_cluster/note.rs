//! What an import must find again and no API stores: the cluster as the user wrote it, noted on its control plane.

use schemas::resources::custom_cluster::{CustomClusterModel, schema};
use tf_value::json;
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;

/// Where it is, for root's eyes only: the address of a proxy may hold a password.
pub(super) const PATH: &str = "/etc/kurator/configuration.json";

/// The attributes that are not noted: they are found again where they are.
const FOUND: &[&str] = &["ref", "endpoint", "host_keys", "nodes"];

/// The note: JSON in the shape of the schema.
pub(super) fn write(model: &CustomClusterModel) -> String {
    let raw = model.to_raw();
    let fields = CustomClusterModel::FIELDS.iter().filter(|name| !FOUND.contains(name));
    let noted = fields.map(|name| ((*name).to_owned(), raw.get(name).clone())).collect();
    json::encode(&Raw::Map(noted)).to_string()
}

/// Reads a note back.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(note: &[u8]) -> Result<CustomClusterModel, String> {
    let stored = serde_json::from_slice(note).map_err(|error| error.to_string())?;
    CustomClusterModel::from_raw(&json::decode(stored, &schema().ty())?)
}

//! Moves between types, and configurations made of states.

use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tonic::Status;

use crate::protocol_client::{ProtocolClient, has_error, pack, unpack};
use crate::protocol_client_checks as checks;
use crate::protocol_client_instance::{Applied, Instance, StoredObject};
use crate::protocol_client_schema::WireSchema;

impl ProtocolClient {
    /// Moves a stored object of another type here, as a `moved` block does. The instance is empty if that fails.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn move_here(
        &self,
        request: pb::move_resource_state::Request,
    ) -> Result<(Instance, Applied), Status> {
        let mut instance = Instance::new(&request.target_type_name);
        let schema = self.resource(&instance.type_name)?;
        let response = self.wire().move_resource_state(request).await?.into_inner();
        let mut applied = Applied { diagnostics: response.diagnostics, faults: Vec::new() };
        if has_error(&applied.diagnostics) {
            return Ok((instance, applied));
        }
        let object = unpack(response.target_state.as_ref(), &schema.ty())?;
        applied.faults.extend(checks::write_only_values(schema.attributes, &object));
        if object.is_null() || !object.is_wholly_known() {
            applied.faults.push(": moved to an object that is not known".to_owned());
        }
        if let (Some(identity), Some(ty)) =
            (&response.target_identity, self.identity_type(&instance.type_name))
        {
            let identity = unpack(identity.identity_data.as_ref(), &ty)?;
            if !identity.is_wholly_known() {
                applied.faults.push(": moved to an identity that is not known".to_owned());
            }
        }
        if applied.faults.is_empty() {
            instance.stored = Some(StoredObject {
                object,
                private: response.target_private,
                identity: response.target_identity,
                tainted: false,
            });
        }
        Ok((instance, applied))
    }

    /// A configuration for what is stored, with what Terraform would object to in it.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of a configuration that cannot be read.
    pub async fn generate_config(&self, instance: &Instance) -> Result<(Raw, Applied), Status> {
        let schema = self.resource(&instance.type_name)?;
        let request = pb::generate_resource_config::Request {
            type_name: instance.type_name.clone(),
            state: Some(pack(instance.object())),
        };
        let response = self.wire().generate_resource_config(request).await?.into_inner();
        let mut applied = Applied { diagnostics: response.diagnostics, faults: Vec::new() };
        let config = unpack(response.config.as_ref(), &schema.ty())?;
        applied.faults.extend(not_configurable(&schema, &config));
        applied.diagnostics.extend(self.validate(&instance.type_name, &config).await?);
        Ok((config, applied))
    }
}

/// What nobody can write into a configuration, at the root.
fn not_configurable(schema: &WireSchema<'_>, config: &Raw) -> Vec<String> {
    let mut faults = checks::write_only_values(schema.attributes, config);
    let computed = schema.attributes.iter().filter(|it| it.computed && !it.optional);
    let set = computed.filter(|attribute| !config.get(&attribute.name).is_null());
    faults.extend(set.map(|attribute| format!(".{}: computed, and configured", attribute.name)));
    faults
}

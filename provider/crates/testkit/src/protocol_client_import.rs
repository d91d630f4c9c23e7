//! Imports, as `terraform import` and import blocks make them.

use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tonic::Status;

use crate::protocol_client::{CAPABILITIES, ProtocolClient, has_error, pack, unpack};
use crate::protocol_client_checks as checks;
use crate::protocol_client_instance::{Applied, Instance, StoredObject};

impl ProtocolClient {
    /// Imports an object and reads it, as `terraform import` does. The instance is empty if that fails.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn import(&self, type_name: &str, id: &str) -> Result<(Instance, Applied), Status> {
        let request = pb::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(CAPABILITIES),
            identity: None,
        };
        self.import_with(request).await
    }

    /// As [`Self::import`], by an identity.
    ///
    /// # Errors
    ///
    /// As [`Self::import`].
    pub async fn import_by_identity(
        &self,
        type_name: &str,
        identity: &Raw,
    ) -> Result<(Instance, Applied), Status> {
        let request = pb::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: String::new(),
            client_capabilities: Some(CAPABILITIES),
            identity: Some(pb::ResourceIdentityData { identity_data: Some(pack(identity)) }),
        };
        self.import_with(request).await
    }

    async fn import_with(
        &self,
        request: pb::import_resource_state::Request,
    ) -> Result<(Instance, Applied), Status> {
        let mut instance = Instance::new(&request.type_name);
        let schema = self.resource(&instance.type_name)?;
        let by_identity = request.identity.is_some();
        let response = self.wire().import_resource_state(request).await?.into_inner();
        let mut applied = Applied { diagnostics: response.diagnostics, faults: Vec::new() };
        let [imported] = response.imported_resources.as_slice() else {
            if !has_error(&applied.diagnostics) {
                applied.faults.push(": not exactly one object was imported".to_owned());
            }
            return Ok((instance, applied));
        };
        let object = unpack(imported.state.as_ref(), &schema.ty())?;
        applied.faults.extend(checks::write_only_values(schema.attributes, &object));
        if by_identity && imported.identity.is_none() {
            applied.faults.push(": imported by identity, and none came back".to_owned());
        }
        instance.stored = Some(StoredObject {
            object,
            private: imported.private.clone(),
            identity: imported.identity.clone(),
            tainted: false,
        });
        applied.add(self.refresh(&mut instance).await?);
        if instance.stored.is_none() {
            applied.faults.push(": cannot import a remote object that does not exist".to_owned());
        }
        Ok((instance, applied))
    }
}

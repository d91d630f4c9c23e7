//! Queries, as `terraform query` makes them. No host at hand does.

use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tonic::Status;

use crate::protocol_client::{ProtocolClient, has_error, in_words, pack, unpack};
use crate::protocol_client_checks as checks;
use crate::protocol_client_schema::WireSchema;

/// What a query gave.
#[derive(Clone, Debug, Default)]
pub struct Queried {
    /// The objects, in their order.
    pub found: Vec<FoundObject>,
    /// What the provider said, about the query or an object.
    pub diagnostics: Vec<pb::Diagnostic>,
    /// What Terraform would object to: faults of the provider.
    pub faults: Vec<String>,
}

/// An object that a query found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundObject {
    /// What users read.
    pub name: String,
    /// Its identity.
    pub identity: Raw,
    /// The whole object, if it came.
    pub object: Option<Raw>,
}

impl Queried {
    /// Everything that was said and objected to.
    pub fn told(&self) -> Vec<String> {
        let mut told = in_words(&self.diagnostics);
        told.extend(self.faults.iter().cloned());
        told
    }

    /// The names of what was found.
    pub fn names(&self) -> Vec<&str> {
        self.found.iter().map(|found| found.name.as_str()).collect()
    }
}

impl ProtocolClient {
    /// The configuration of a list resource with all its attributes.
    ///
    /// # Errors
    ///
    /// [`tonic::Code::NotFound`] if the provider has no such type.
    pub fn list_config(&self, type_name: &str, given: Raw) -> Result<Raw, Status> {
        let schema = self.schemas().list_resource_schemas.get(type_name).and_then(WireSchema::of);
        let schema = schema.ok_or_else(|| Status::not_found(format!("no list resource {type_name}")))?;
        schema.object(given).map_err(Status::invalid_argument)
    }

    /// Validates and lists, until the stream ends, an error comes, or `limit` objects have come.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn query(
        &self,
        type_name: &str,
        given: Raw,
        include_resource_object: bool,
        limit: i64,
    ) -> Result<Queried, Status> {
        let config = Some(pack(&self.list_config(type_name, given)?));
        let request = pb::validate_list_resource_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
            ..pb::validate_list_resource_config::Request::default()
        };
        let diagnostics = self.wire().validate_list_resource_config(request).await?.into_inner().diagnostics;
        let mut queried = Queried { diagnostics, ..Queried::default() };
        if has_error(&queried.diagnostics) {
            return Ok(queried);
        }
        let request = pb::list_resource::Request {
            type_name: type_name.to_owned(),
            config,
            include_resource_object,
            limit,
        };
        let mut events = self.wire().list_resource(request).await?.into_inner();
        while let Some(event) = events.message().await? {
            let failed = has_error(&event.diagnostic);
            self.take(type_name, event, include_resource_object, &mut queried)?;
            if failed {
                break;
            }
        }
        if events.message().await?.is_some() {
            queried.faults.push(": something came after an error".to_owned());
        }
        if usize::try_from(limit).is_ok_and(|limit| limit > 0 && queried.found.len() > limit) {
            queried.faults.push(": more came than were asked for".to_owned());
        }
        Ok(queried)
    }

    fn take(
        &self,
        type_name: &str,
        event: pb::list_resource::Event,
        wants_object: bool,
        queried: &mut Queried,
    ) -> Result<(), Status> {
        let said = !event.diagnostic.is_empty();
        let failed = has_error(&event.diagnostic);
        queried.diagnostics.extend(event.diagnostic);
        let Some(identity) = event.identity else {
            if !said {
                queried.faults.push(format!("{}: no identity", event.display_name));
            }
            return Ok(());
        };
        if failed {
            return Ok(());
        }
        let ty = self.identity_type(type_name).unwrap_or(tf_value::ty::Type::Dynamic);
        let identity = unpack(identity.identity_data.as_ref(), &ty)?;
        if identity.is_null() || !identity.is_wholly_known() {
            queried.faults.push(format!("{}: the identity is not known", event.display_name));
        }
        let schema = self.resource(type_name)?;
        let object = event.resource_object.map(|object| unpack(Some(&object), &schema.ty())).transpose()?;
        if object.is_some() != wants_object {
            queried.faults.push(format!("{}: an object came, or none, against the wish", event.display_name));
        }
        if let Some(object) = &object {
            queried.faults.extend(checks::write_only_values(schema.attributes, object));
            if object.is_null() || !object.is_wholly_known() {
                queried.faults.push(format!("{}: the object is not known", event.display_name));
            }
        }
        queried.found.push(FoundObject { name: event.display_name, identity, object });
        Ok(())
    }
}

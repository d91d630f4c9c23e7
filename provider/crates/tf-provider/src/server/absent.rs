//! What this framework does not serve yet, and where it would go.
//!
//! - List resources: a trait beside [`crate::resource::Resource`], a table in [`crate::provider::Tables`], and a
//!   family file here that streams `ListResource` events. Their names must be those of resources with an identity.
//! - Actions: the same with `PlanAction` and `InvokeAction`; every stream ends in exactly one `Completed`.
//! - State stores: not planned; their calls are left to the generated code, which answers "unimplemented".
//!
//! Nothing of these is in the schema, so no client calls them; one that does is told what is missing.

use futures::stream;
use tf_value::diagnostic::Diagnostics;
use tonic::codegen::BoxStream;

use crate::complaints;
use crate::proto::tfplugin6 as pb;
use crate::server::diagnostics;

const LIST: &str = "list resource";
const ACTION: &str = "action";

pub(super) fn list_resource(type_name: &str) -> Diagnostics {
    complaints::no_such_type(LIST, type_name).into()
}

pub(super) fn action(type_name: &str) -> Diagnostics {
    complaints::no_such_type(ACTION, type_name).into()
}

pub(super) fn list_events(type_name: &str) -> BoxStream<pb::list_resource::Event> {
    let diagnostic = diagnostics::encode(list_resource(type_name));
    Box::pin(stream::iter([Ok(pb::list_resource::Event { diagnostic, ..Default::default() })]))
}

pub(super) fn action_events(type_name: &str) -> BoxStream<pb::invoke_action::Event> {
    use pb::invoke_action::event::{Completed, Type};
    let diagnostics = diagnostics::encode(action(type_name));
    let completed = Type::Completed(Completed { diagnostics });
    Box::pin(stream::iter([Ok(pb::invoke_action::Event { r#type: Some(completed) })]))
}

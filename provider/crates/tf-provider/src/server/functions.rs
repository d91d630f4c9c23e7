//! Calls of functions.

use tf_value::raw::Raw;

use crate::function::{FunctionFault, Parameter, Signature};
use crate::proto::tfplugin6::call_function::{Request, Response};
use crate::proto::tfplugin6::{DynamicValue, FunctionError};
use crate::rules::fit;
use crate::server::parts::{Callable, Parts};
use crate::server::wire;

/// Calls a function.
pub(super) fn call(parts: &Parts, request: Request) -> Response {
    let found = parts.functions.get(request.name.as_str()).ok_or_else(|| FunctionFault {
        text: format!("This version of the provider has no function `{}`.", request.name),
        argument: None,
    });
    match found.and_then(|callable| call_found(callable, request.arguments)) {
        Ok(result) => Response { result: wire::encode(&result), error: None },
        Err(FunctionFault { text, argument }) => {
            let function_argument = argument.and_then(|argument| i64::try_from(argument).ok());
            Response { result: None, error: Some(FunctionError { text, function_argument }) }
        }
    }
}

fn call_found(callable: &Callable, given: Vec<DynamicValue>) -> Result<Raw, FunctionFault> {
    let signature = &callable.signature;
    let wanted = signature.parameters.len();
    if given.len() < wanted || given.len() > wanted && signature.variadic.is_none() {
        let text = format!("{wanted} arguments are wanted, {} were given.", given.len());
        return Err(FunctionFault { text, argument: None });
    }
    let mut arguments = Vec::with_capacity(given.len());
    let mut skips = false;
    for (position, value) in given.into_iter().enumerate() {
        let Some(parameter) = parameter(signature, position) else { continue };
        let fault = |text: String| FunctionFault { text, argument: Some(position) };
        let argument = wire::decode(parameter.name, Some(&value), &parameter.ty).map_err(|said| {
            fault(said.into_iter().map(|diagnostic| diagnostic.detail).collect::<Vec<_>>().join("\n\n"))
        })?;
        if argument.is_null() && !parameter.allows_null {
            return Err(fault(format!("`{}` must not be null.", parameter.name)));
        }
        skips |= !parameter.allows_unknown && !argument.is_wholly_known();
        arguments.push(argument);
    }
    // Terraform does not call then; a client that does gets the same answer.
    if skips {
        return Ok(Raw::unknown());
    }
    let (result, faults) = fit::fit(callable.function.call(&arguments)?, &signature.result);
    match faults.first() {
        None => Ok(result),
        Some(fault) => Err(FunctionFault {
            text: format!("The result {}. This is a fault in the provider; please report it.", fault.problem),
            argument: None,
        }),
    }
}

/// The parameter for the argument at `position`.
fn parameter(signature: &Signature, position: usize) -> Option<&Parameter> {
    signature.parameters.get(position).or(signature.variadic.as_ref())
}

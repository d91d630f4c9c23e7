//! What a provider function is: pure, same arguments, same result.

use tf_value::raw::Raw;
use tf_value::ty::Type;

/// A function.
pub trait Function: Send + Sync + 'static {
    /// Its name, as users write it after `provider::NAME::`.
    fn name(&self) -> &'static str;

    /// What it takes and gives.
    fn signature(&self) -> Signature;

    /// Calls it. Positional arguments first, then the variadic ones.
    ///
    /// # Errors
    ///
    /// A sentence for the user, with the argument at fault.
    fn call(&self, arguments: &[Raw]) -> Result<Raw, FunctionFault>;
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// One line.
    pub summary: &'static str,
    /// Its documentation, in Markdown.
    pub description: &'static str,
    /// Positional parameters.
    pub parameters: Vec<Parameter>,
    /// A parameter for all further arguments.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name, for messages.
    pub name: &'static str,
    /// What it is, in Markdown.
    pub description: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether null may be given.
    pub allows_null: bool,
    /// Whether unknown values may be given; else Terraform takes the result as unknown without a call.
    pub allows_unknown: bool,
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFault {
    /// A sentence for the user.
    pub text: String,
    /// The argument at fault, from 0, variadic ones counted on.
    pub argument: Option<usize>,
}

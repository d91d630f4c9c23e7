//! The parts of a provider that are not managed resources.

use std::time::{Duration, SystemTime};

use tf_provider::call::Call;
use tf_provider::data_source::DataSource;
use tf_provider::deferral::Deferral;
use tf_provider::ephemeral::{EphemeralResource, Opened, Renewed};
use tf_provider::function::{Function, FunctionFault, Parameter, Signature};
use tf_value::attribute::Attribute;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model;
use tf_value::number::Number;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

model! {
    /// What is looked up.
    pub struct Looked {
        /// Required.
        name: String,
        /// With a default.
        greeting: String,
        /// Computed.
        text: String,
    }
}

/// A data source.
pub struct Lookup;

#[async_trait::async_trait]
impl DataSource for Lookup {
    type Model = Looked;

    fn type_name(&self) -> &'static str {
        "toy_lookup"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "A greeting.".to_owned(),
            attributes: vec![
                Attribute::string("name", "Who.").required(),
                Attribute::string("greeting", "How.").defaults_to(Raw::string("hello")),
                Attribute::string("text", "The greeting.").computed(),
            ],
        }
    }

    async fn read(&self, config: Looked, call: &Call<Looked>) -> Result<(Looked, Diagnostics), Diagnostics> {
        let name = config.name.known().map_or("", String::as_str);
        match name {
            "nobody" => Err(Diagnostic::error("Nobody is there", "Look for somebody else.").into()),
            "unknown" => Ok((Looked { text: Value::Unknown, ..config }, Diagnostics::none())),
            "panic" => panic!("in a data source"),
            "later" if call.defer(Deferral::AbsentPrerequisite) => {
                Ok((Looked { text: Value::Unknown, ..config }, Diagnostics::none()))
            }
            name => {
                let greeting = config.greeting.known().map_or("", String::as_str);
                let text = Value::Known(format!("{greeting}, {name}"));
                let said = Diagnostic::warning("It is late", "Perhaps they sleep.");
                Ok((Looked { text, ..config }, said.into()))
            }
        }
    }
}

model! {
    /// A token.
    pub struct TokenModel {
        /// With a default.
        length: i64,
        /// Computed.
        token: String,
    }
}

/// An ephemeral resource.
pub struct Token;

#[async_trait::async_trait]
impl EphemeralResource for Token {
    type Model = TokenModel;

    fn type_name(&self) -> &'static str {
        "toy_token"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "A token.".to_owned(),
            attributes: vec![
                Attribute::number("length", "Its length.").defaults_to(Raw::Number(Number::from(8_i64))),
                Attribute::string("token", "The token.").computed().sensitive(),
            ],
        }
    }

    async fn open(
        &self,
        config: TokenModel,
        call: &Call<TokenModel>,
    ) -> Result<Opened<TokenModel>, Diagnostics> {
        let length = config.length.known().copied().unwrap_or_default();
        let token = match length {
            13 => Value::Unknown,
            14 if call.defer(Deferral::AbsentPrerequisite) => Value::Unknown,
            length => Value::Known("x".repeat(usize::try_from(length).unwrap_or_default().min(100))),
        };
        let renew_at = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500));
        Ok(Opened { object: TokenModel { token, ..config }, private: b"opened".to_vec(), renew_at })
    }

    async fn renew(&self, private: Vec<u8>) -> Result<Renewed, Diagnostics> {
        Ok(Renewed { private: [private.as_slice(), b" again"].concat(), renew_at: None })
    }

    async fn close(&self, private: Vec<u8>) -> Result<(), Diagnostics> {
        if private == b"opened" { Ok(()) } else { Err(Diagnostic::error("Never opened", "No.").into()) }
    }
}

/// A function.
pub struct Join;

impl Function for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Joins texts",
            description: "Joins texts.",
            parameters: vec![Parameter {
                name: "separator",
                description: "What to put between.",
                ty: Type::String,
                allows_null: false,
                allows_unknown: false,
            }],
            variadic: Some(Parameter {
                name: "texts",
                description: "What to join; nulls are left out.",
                ty: Type::String,
                allows_null: true,
                allows_unknown: false,
            }),
            result: Type::String,
        }
    }

    fn call(&self, arguments: &[Raw]) -> Result<Raw, FunctionFault> {
        let (separator, texts) = arguments.split_first().unwrap();
        let texts: Vec<_> = texts.iter().filter_map(Raw::text).collect();
        match texts.iter().position(|text| *text == "bad") {
            Some(position) => {
                Err(FunctionFault { text: "That is bad.".to_owned(), argument: Some(position + 1) })
            }
            None if texts.contains(&"panic") => panic!("in a function"),
            None => Ok(Raw::String(texts.join(separator.text().unwrap_or_default()))),
        }
    }
}

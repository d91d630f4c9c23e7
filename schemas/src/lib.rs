//! The Terraform shape of every object: attributes with their doc text, validators and typed models.

//! Write-only values are given to handlers in the configuration and are null everywhere else.

use tf_value::attribute::{Attribute, Shape};
use tf_value::raw::Raw;

use crate::rules::pairs;

/// Makes every write-only attribute of `object` null. Terraform drops a created object whose state holds one.
pub(crate) fn erase(attributes: &[Attribute], object: &mut Raw) {
    let Raw::Map(entries) = object else { return };
    for attribute in attributes {
        let Some(value) = entries.get_mut(attribute.name) else { continue };
        if attribute.write_only {
            *value = Raw::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::walk_mut(*nesting, value, &mut |element| erase(inner, element));
        }
    }
}

/// Whether any of `attributes` is write-only.
pub(crate) fn any(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.write_only
            || match &attribute.shape {
                Shape::Plain(_) => false,
                Shape::Nested(_, inner) => any(inner),
            }
    })
}

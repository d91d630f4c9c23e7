//! Every diagnostic of the provider's own, provoked: which one, where, and that it says what to do.

mod changes;
mod configurations;
mod found;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::{Applied, Instance};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::world::{World, raw};

/// Each message on a line. Every one of them says what was seen and then, in a paragraph of its own, what to do.
fn said(diagnostics: &[pb::Diagnostic]) -> Vec<String> {
    for told in diagnostics {
        let (saw, way_out) = told.detail.split_once("\n\n").unwrap_or_default();
        assert!(!saw.is_empty() && !way_out.is_empty(), "{}: {:?}", told.summary, told.detail);
    }
    in_words(diagnostics)
}

/// What was said of something that Terraform has nothing to object to.
fn told(applied: &Applied) -> Vec<String> {
    assert_eq!(applied.faults, [""; 0]);
    said(&applied.diagnostics)
}

/// An object of a type with these attributes.
fn object(world: &World, kind: &str, given: &Json) -> Raw {
    world.client.resource(kind).unwrap().object(raw(given)).unwrap()
}

/// The world's fleet with some attributes otherwise.
fn fleet_but(world: &World, given: &Json) -> Raw {
    otherwise(world, "kurator_fleet", world.fleet_config("edge", "hub"), raw(given))
}

/// The world's application with some attributes otherwise.
fn application_but(world: &World, given: &Json) -> Raw {
    application_of(world, raw(given))
}

/// The same with values that JSON cannot say.
fn application_of(world: &World, given: Raw) -> Raw {
    otherwise(world, "kurator_application", world.application_config(), given)
}

fn otherwise(world: &World, kind: &str, whole: Raw, given: Raw) -> Raw {
    let (mut whole, given) = (entries(whole), entries(given));
    whole.extend(given);
    world.client.resource(kind).unwrap().object(Raw::Map(whole)).unwrap()
}

/// Edits the state of an instance by hand.
fn edit(instance: &mut Instance, attribute: &str, value: Raw) {
    let stored = instance.stored.as_mut().unwrap();
    let mut edited = entries(std::mem::take(&mut stored.object));
    edited.insert(attribute.to_owned(), value);
    stored.object = Raw::Map(edited);
}

fn entries(object: Raw) -> BTreeMap<String, Raw> {
    let Raw::Map(entries) = object else { unreachable!("it is an object") };
    entries
}

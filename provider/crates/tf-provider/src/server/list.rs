//! What exists, for `terraform query`: a stream with an event for each object.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tokio_util::sync::CancellationToken;

use crate::complaints;
use crate::erased::Surroundings;
use crate::list::{Listed, Query, Take};
use crate::proto::tfplugin6::list_resource::{Event, Request};
use crate::rules::defaults;
use crate::server::answer::Events;
use crate::server::parts::{Listing, Managed};
use crate::server::{diagnostics, identity, import, wire};

/// Streams what there is, until there is no more, enough was found, an error was told, or the caller went away.
pub(super) async fn list(
    listing: Result<Arc<Listing>, Diagnostics>,
    request: Request,
    around: Surroundings,
    events: Events<Event>,
) {
    let said = match listing {
        Ok(listing) => list_found(&listing, request, around, &events).await,
        Err(said) => Err(said),
    };
    let said = said.unwrap_or_else(|said| said);
    if !said.is_empty() {
        drop(events.send(Ok(saying(said))).await);
    }
}

/// An event about no object. Terraform takes one without an identity if it has nothing but warnings or errors.
pub(super) fn saying(said: Diagnostics) -> Event {
    Event { diagnostic: diagnostics::encode(said), ..Event::default() }
}

async fn list_found(
    listing: &Listing,
    request: Request,
    around: Surroundings,
    events: &Events<Event>,
) -> Result<Diagnostics, Diagnostics> {
    let name = listing.list.type_name();
    let managed = listing.managed.as_ref().ok_or_else(|| complaints::no_identity(name))?;
    let mut config = wire::decode_present("configuration", request.config.as_ref(), &listing.shape.ty)?;
    defaults::fill_nulls(&listing.shape.schema.attributes, &mut config);
    let wants_objects = request.include_resource_object;
    let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0);
    let taker = Taker {
        managed,
        wants_objects,
        left: AtomicUsize::new(limit.unwrap_or(usize::MAX)),
        enough: CancellationToken::new(),
        events,
    };
    let query = Query { config, wants_objects, limit };
    tokio::select! {
        // In this order: what the list says at its end is not lost because that was also the last one wanted.
        biased;
        said = listing.list.list(query, &taker, around) => Ok(said),
        () = taker.enough.cancelled() => Ok(Diagnostics::none()),
        () = events.closed() => Ok(Diagnostics::none()),
    }
}

/// Turns found objects into events.
struct Taker<'a> {
    managed: &'a Managed,
    wants_objects: bool,
    left: AtomicUsize,
    enough: CancellationToken,
    events: &'a Events<Event>,
}

#[async_trait]
impl Take for Taker<'_> {
    async fn take(&self, listed: Listed<Raw>) -> ControlFlow<()> {
        let one_less = |left: usize| left.checked_sub(1);
        let Ok(before) = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) else {
            // A list that goes on nevertheless is dropped here.
            tokio::task::yield_now().await;
            return ControlFlow::Break(());
        };
        let (event, failed) = self.event(listed);
        let gone = self.events.send(Ok(event)).await.is_err();
        if gone || failed || before == 1 {
            self.left.store(0, Ordering::Relaxed);
            self.enough.cancel();
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Taker<'_> {
    /// The event about one object, and whether it tells of an error.
    fn event(&self, listed: Listed<Raw>) -> (Event, bool) {
        let Listed { name, identity, object, diagnostics: mut said } = listed;
        let type_name = self.managed.name();
        let object = match object.map(|object| import::furnish(self.managed, object)).transpose() {
            Ok(object) => object,
            Err(faults) => {
                said.extend(faults);
                None
            }
        };
        let identity = match (&identity, &object) {
            (Raw::Null, Some(object)) => identity::known(self.managed, object),
            _ => identity::fitting(self.managed, identity).filter(Raw::is_wholly_known),
        };
        if identity.is_none() && !said.has_error() {
            said.push(complaints::listed_without_identity(type_name, &name));
        }
        if self.wants_objects && object.is_none() && !said.has_error() {
            said.push(complaints::listed_without_object(type_name, &name));
        }
        let failed = said.has_error();
        let event = Event {
            identity: identity::encode(self.managed, identity.as_ref()),
            display_name: name,
            resource_object: object.filter(|_| self.wants_objects).as_ref().and_then(wire::encode),
            diagnostic: diagnostics::encode(said),
        };
        (event, failed)
    }
}

//! Plans of managed resources.

use tf_value::diagnostic::Diagnostics;
use tf_value::path::Path;
use tf_value::raw::Raw;

use crate::complaints::{self, Fault};
use crate::deferral::Deferring;
use crate::proto::tfplugin6::plan_resource_change::{Request, Response};
use crate::resource::{Destruction, Plan};
use crate::rules::replace::{self, Verdict};
use crate::rules::{conform, fit, plan as rules, write_only};
use crate::server::deferral::Allowance;
use crate::server::parts::Managed;
use crate::server::{deferral, diagnostics, identity, wire};

const NULL: &Raw = &Raw::Null;

/// Plans a create, an update, one leg of a replacement, or a destruction.
pub(super) fn plan(
    managed: &Managed,
    request: Request,
    allowance: Allowance,
) -> Result<Response, Diagnostics> {
    let ty = &managed.shape.ty;
    let prior = wire::decode_object("prior state", request.prior_state.as_ref(), ty)?;
    let prior_identity = identity::decode(managed, request.prior_identity.as_ref())?;
    if let Some(prior) = &prior
        && request.proposed_new_state == request.prior_state
    {
        let config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
        if is_unchanged(managed, prior, &config) {
            #[cfg(debug_assertions)]
            let asked = Asked {
                config: config.clone(),
                prior: Some(prior.clone()),
                prior_identity: prior_identity.clone(),
                proposed: prior.clone(),
                private: request.prior_private.clone(),
                first_private: Some(request.planned_private.clone()).filter(|bytes| !bytes.is_empty()),
                deferring: allowance.plan(&config),
            };
            let response = unchanged(managed, request, prior, prior_identity);
            #[cfg(debug_assertions)]
            debug_assert!(
                is_the_same(managed, asked, &response),
                "the short way is another than the long one"
            );
            return Ok(response);
        }
    }
    let proposed = wire::decode_object("proposed state", request.proposed_new_state.as_ref(), ty)?;
    let private = request.prior_private;
    match proposed {
        Some(proposed) => {
            let config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
            let deferring = allowance.plan(&config);
            let first_private = Some(request.planned_private).filter(|bytes| !bytes.is_empty());
            let asked = Asked { config, prior, prior_identity, proposed, private, first_private, deferring };
            plan_object(managed, asked)
        }
        None => Ok(plan_destroy(managed, prior, prior_identity, private)),
    }
}

/// Whether a plan that proposes what is stored plans that, and nothing can be said of it: seen without making it.
fn is_unchanged(managed: &Managed, prior: &Raw, config: &Raw) -> bool {
    let attributes = &managed.shape.schema.attributes;
    rules::leaves(attributes, prior, config)
        && conform::plan(attributes, prior, config, prior).is_empty()
        && managed.resource.leaves_unchanged_alone(prior, config)
}

/// The plan that changes nothing, as most are.
fn unchanged(managed: &Managed, request: Request, prior: &Raw, prior_identity: Option<Raw>) -> Response {
    let planned_identity = prior_identity.or_else(|| identity::known(managed, prior));
    Response {
        planned_state: request.prior_state,
        planned_private: request.prior_private,
        planned_identity: identity::encode(managed, planned_identity.as_ref()),
        ..Response::default()
    }
}

/// Whether the long way comes to the same answer.
#[cfg(debug_assertions)]
fn is_the_same(managed: &Managed, asked: Asked, short: &Response) -> bool {
    let value = |response: &Response| {
        wire::decode_object("planned state", response.planned_state.as_ref(), &managed.shape.ty)
    };
    plan_object(managed, asked).is_ok_and(|long| {
        value(&long) == value(short)
            && Response { planned_state: short.planned_state.clone(), ..long } == *short
    })
}

/// What is to be planned.
struct Asked {
    config: Raw,
    prior: Option<Raw>,
    prior_identity: Option<Raw>,
    proposed: Raw,
    private: Vec<u8>,
    first_private: Option<Vec<u8>>,
    deferring: Deferring,
}

fn plan_destroy(
    managed: &Managed,
    prior: Option<Raw>,
    prior_identity: Option<Raw>,
    private: Vec<u8>,
) -> Response {
    let planned_identity = prior_identity.or_else(|| identity::known(managed, prior.as_ref()?));
    let none = Diagnostics::none();
    let (private, said) = match prior {
        Some(prior) => {
            let planned = managed.resource.plan_destroy(Destruction { prior, private, diagnostics: none });
            (planned.private, planned.diagnostics)
        }
        None => (private, none),
    };
    Response {
        planned_state: wire::encode(NULL),
        planned_private: private,
        planned_identity: identity::encode(managed, planned_identity.as_ref()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    }
}

fn plan_object(managed: &Managed, asked: Asked) -> Result<Response, Diagnostics> {
    let name = managed.name();
    let attributes = &managed.shape.schema.attributes;
    let before = asked.prior.as_ref().unwrap_or(NULL);
    let draft = rules::draft(attributes, before, &asked.config, asked.proposed);
    let adjusted = managed.resource.plan(Plan {
        config: asked.config,
        prior: asked.prior.clone(),
        planned: draft.planned.clone(),
        changes: draft.changes,
        private: asked.private,
        first_private: asked.first_private,
        deferring: asked.deferring,
        replace: Vec::new(),
        diagnostics: Diagnostics::none(),
    });
    let mut said = adjusted.diagnostics;
    let (planned, misfits) = fit::fit(fit::complete(adjusted.planned, &draft.planned), &managed.shape.ty);
    let mut planned = fit::graft(planned, &draft.planned);
    write_only::erase(attributes, &mut planned);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    if said.has_error() {
        return Err(said);
    }

    let deferred = deferral::encode(&adjusted.deferring);
    if deferred.is_some() {
        // A placeholder, which nobody checks and nobody applies.
        return Ok(Response {
            planned_state: wire::encode(&planned),
            planned_private: adjusted.private,
            deferred,
            diagnostics: diagnostics::encode(said),
            ..Response::default()
        });
    }
    let faults = conform::plan(attributes, before, &adjusted.config, &planned);
    said.extend(faults.iter().map(|fault| complaints::planned_wrongly(name, fault)));
    let mut replace = Vec::new();
    if asked.prior.is_some() {
        let verdict = replace::judge(attributes, before, &adjusted.config, &planned);
        let lost = adjusted.replace.iter().filter(|path| before.at(path).or(planned.at(path)).is_none());
        said.extend(lost.map(|path| {
            complaints::planned_wrongly(name, &Fault::new(path, "is to replace the object, and is not in it"))
        }));
        replace = with_verdict(adjusted.replace.clone(), verdict, &mut said);
    }
    if said.has_error() {
        return Err(said);
    }

    let planned_identity = match &asked.prior {
        // What exists keeps its identity; a create's may be unknown.
        Some(prior) => asked.prior_identity.or_else(|| identity::known(managed, prior)),
        None => identity::of(managed, &planned),
    };
    Ok(Response {
        planned_state: wire::encode(&planned),
        requires_replace: replace.iter().map(diagnostics::path).collect(),
        planned_private: adjusted.private,
        planned_identity: identity::encode(managed, planned_identity.as_ref()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    })
}

/// All paths that replace the object, sorted, each once. What is refused is said.
fn with_verdict(replace: Vec<Path>, verdict: Verdict, said: &mut Diagnostics) -> Vec<Path> {
    said.extend(verdict.refused.iter().map(|(path, way_out)| complaints::refused(path, way_out)));
    said.extend(verdict.perhaps.iter().map(|(path, way_out)| complaints::perhaps_refused(path, way_out)));
    let mut replace = [replace, verdict.replace].concat();
    replace.sort();
    replace.dedup();
    replace
}

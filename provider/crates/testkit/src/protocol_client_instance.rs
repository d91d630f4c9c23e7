//! One resource instance in a state, and what Terraform does with it: refresh, plan, apply, destroy, import.

use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tonic::Status;

use crate::protocol_client::{CAPABILITIES, ProtocolClient, has_error, pack, path_in_words, unpack};
use crate::protocol_client_checks as checks;
use crate::protocol_client_propose::propose;
use crate::protocol_client_schema::{WireSchema, to_json};

/// A resource instance as a state holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The resource's type.
    pub type_name: String,
    /// What is stored; none before the create and after the destruction.
    pub stored: Option<StoredObject>,
}

/// What is stored of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObject {
    /// The object.
    pub object: Raw,
    /// Private bytes.
    pub private: Vec<u8>,
    /// Identity.
    pub identity: Option<pb::ResourceIdentityData>,
    /// Whether the next plan replaces it.
    pub tainted: bool,
}

/// What a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it and makes it anew.
    Replace,
    /// Removes it.
    Destroy,
}

/// A plan for an instance.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    /// What it does.
    pub action: Action,
    /// What was configured; null for a destruction.
    pub config: Raw,
    /// What will be; null for a destruction.
    pub planned: Raw,
    /// Private bytes for the apply.
    pub private: Vec<u8>,
    /// The planned identity.
    pub identity: Option<pb::ResourceIdentityData>,
    /// The attributes that replace it, as users write them.
    pub replace: Vec<String>,
    /// What the provider said.
    pub diagnostics: Vec<pb::Diagnostic>,
    /// What Terraform would object to: faults of the provider.
    pub faults: Vec<String>,
}

impl PlannedChange {
    /// Whether Terraform would go on to apply it.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty() && !has_error(&self.diagnostics)
    }
}

/// What came of an apply.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// What the provider said.
    pub diagnostics: Vec<pb::Diagnostic>,
    /// What Terraform would object to: faults of the provider.
    pub faults: Vec<String>,
}

impl Applied {
    /// Whether Terraform would call it a success.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty() && !has_error(&self.diagnostics)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.diagnostics.extend(other.diagnostics);
        self.faults.extend(other.faults);
    }
}

impl Instance {
    /// An instance that does not exist yet.
    pub fn new(type_name: &str) -> Self {
        Self { type_name: type_name.to_owned(), stored: None }
    }

    /// The stored object; null if there is none.
    pub fn object(&self) -> &Raw {
        self.stored.as_ref().map_or(&Raw::Null, |stored| &stored.object)
    }

    /// Marks it for replacement, as `terraform taint` does.
    pub fn taint(&mut self) {
        if let Some(stored) = &mut self.stored {
            stored.tainted = true;
        }
    }
}

impl ProtocolClient {
    /// Upgrades and reads the stored object, as every plan begins. What the provider says is given back; after an
    /// error the stored object stays.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn refresh(&self, instance: &mut Instance) -> Result<Applied, Status> {
        let schema = self.resource(&instance.type_name)?;
        let Some(stored) = &mut instance.stored else { return Ok(Applied::default()) };
        let request = pb::upgrade_resource_state::Request {
            type_name: instance.type_name.clone(),
            version: schema.version,
            raw_state: Some(pb::RawState {
                json: to_json(&stored.object).to_string().into_bytes(),
                flatmap: std::collections::HashMap::default(),
            }),
        };
        let upgraded = self.wire().upgrade_resource_state(request).await?.into_inner();
        let mut applied = Applied { diagnostics: upgraded.diagnostics, faults: Vec::new() };
        let current = unpack(upgraded.upgraded_state.as_ref(), &schema.ty())?;
        applied.faults.extend(state_faults(&schema, &current));
        if !applied.is_good() {
            return Ok(applied);
        }
        let request = pb::read_resource::Request {
            type_name: instance.type_name.clone(),
            current_state: Some(pack(&current)),
            private: stored.private.clone(),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
            current_identity: stored.identity.clone(),
        };
        let read = self.wire().read_resource(request).await?.into_inner();
        applied.diagnostics.extend(read.diagnostics);
        let object = unpack(read.new_state.as_ref(), &schema.ty())?;
        applied.faults.extend(state_faults(&schema, &object));
        if applied.is_good() {
            let tainted = stored.tainted;
            instance.stored = (!object.is_null()).then_some(StoredObject {
                object,
                private: read.private,
                identity: read.new_identity,
                tainted,
            });
        }
        Ok(applied)
    }

    /// Plans what makes `instance` as configured: validation, then one plan, and a second one for a replacement.
    /// Does not refresh.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of a plan that cannot be read.
    pub async fn plan(&self, instance: &Instance, config: &Raw) -> Result<PlannedChange, Status> {
        self.plan_after(instance, config, &[]).await
    }

    /// As [`Self::plan`], with the private bytes of the first plan if it is made again.
    async fn plan_after(
        &self,
        instance: &Instance,
        config: &Raw,
        first_private: &[u8],
    ) -> Result<PlannedChange, Status> {
        let schema = self.resource(&instance.type_name)?;
        let config = schema.object(config.clone()).map_err(Status::invalid_argument)?;
        let said = self.validate(&instance.type_name, &config).await?;
        let tainted = instance.stored.as_ref().is_some_and(|stored| stored.tainted);
        let stored = instance.stored.as_ref().filter(|_| !tainted);
        let mut plan = PlannedChange {
            action: Action::Create,
            config,
            planned: Raw::Null,
            private: Vec::new(),
            identity: None,
            replace: Vec::new(),
            diagnostics: said,
            faults: Vec::new(),
        };
        if has_error(&plan.diagnostics) {
            return Ok(plan);
        }
        let prior = stored.map_or(&Raw::Null, |stored| &stored.object);
        plan.private = stored.map(|stored| stored.private.clone()).unwrap_or_default();
        plan.identity = stored.and_then(|stored| stored.identity.clone());
        self.plan_once(&schema, &instance.type_name, prior, first_private, &mut plan).await?;
        if !plan.is_good() {
            return Ok(plan);
        }
        plan.action = match stored {
            None if tainted => Action::Replace,
            None => Action::Create,
            Some(_) if !plan.replace.is_empty() => Action::Replace,
            Some(_) if plan.planned == *prior => Action::NoOp,
            Some(_) => Action::Update,
        };
        if plan.action == Action::Replace && !tainted {
            let replace = plan.replace.clone();
            self.plan_once(&schema, &instance.type_name, &Raw::Null, first_private, &mut plan).await?;
            plan.replace = replace;
        }
        Ok(plan)
    }

    /// One call of `PlanResourceChange`, with core's checks. Private bytes and identity of `plan` go in and out.
    async fn plan_once(
        &self,
        schema: &WireSchema<'_>,
        type_name: &str,
        prior: &Raw,
        first_private: &[u8],
        plan: &mut PlannedChange,
    ) -> Result<(), Status> {
        let request = pb::plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(pack(prior)),
            proposed_new_state: Some(pack(&propose(schema.attributes, prior, &plan.config))),
            config: Some(pack(&plan.config)),
            prior_private: std::mem::take(&mut plan.private),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
            prior_identity: plan.identity.take(),
            planned_private: first_private.to_vec(),
        };
        let response = self.wire().plan_resource_change(request).await?.into_inner();
        plan.diagnostics.extend(response.diagnostics);
        if has_error(&plan.diagnostics) {
            return Ok(());
        }
        plan.planned = unpack(response.planned_state.as_ref(), &schema.ty())?;
        plan.private = response.planned_private;
        plan.identity = response.planned_identity;
        let replace = response.requires_replace.iter();
        plan.replace = replace.map(|path| path_in_words(Some(path))).collect();
        let (config, planned) = (&plan.config, &plan.planned);
        plan.faults.extend(checks::plan_valid(schema.attributes, prior, config, planned));
        plan.faults.extend(checks::write_only_values(schema.attributes, planned));
        Ok(())
    }

    /// Carries a plan out: plans again with `config` as it is known by then, checks that the plan stands, applies,
    /// and stores what Terraform would store.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of a state that cannot be read; nothing is stored then.
    pub async fn apply(
        &self,
        instance: &mut Instance,
        plan: &PlannedChange,
        config: &Raw,
    ) -> Result<Applied, Status> {
        match plan.action {
            Action::NoOp => return Ok(Applied::default()),
            Action::Destroy => return self.delete(instance, plan.private.clone()).await,
            Action::Create | Action::Update | Action::Replace => {}
        }
        let mut applied = Applied::default();
        if plan.action == Action::Replace {
            // The old object is deleted with the private bytes of the plan for the new one.
            applied.add(self.delete(instance, plan.private.clone()).await?);
            if !applied.is_good() {
                return Ok(applied);
            }
        }
        let again = self.plan_after(instance, config, &plan.private).await?;
        applied.faults.extend(again.faults.iter().cloned());
        applied.diagnostics.extend(again.diagnostics.iter().cloned());
        if !applied.is_good() {
            return Ok(applied);
        }
        applied.faults.extend(checks::plan_kept(&plan.planned, &again.planned));
        if again.action == Action::NoOp || !applied.is_good() {
            return Ok(applied);
        }
        applied.add(self.change(instance, again).await?);
        Ok(applied)
    }

    /// `ApplyResourceChange` for a create or an update.
    async fn change(&self, instance: &mut Instance, plan: PlannedChange) -> Result<Applied, Status> {
        let schema = self.resource(&instance.type_name)?;
        let creates = instance.stored.is_none();
        let request = pb::apply_resource_change::Request {
            type_name: instance.type_name.clone(),
            prior_state: Some(pack(instance.object())),
            planned_state: Some(pack(&plan.planned)),
            config: Some(pack(&plan.config)),
            planned_private: plan.private,
            provider_meta: None,
            planned_identity: plan.identity,
        };
        let response = self.wire().apply_resource_change(request).await?.into_inner();
        let failed = has_error(&response.diagnostics);
        let mut applied = Applied { diagnostics: response.diagnostics, faults: Vec::new() };
        let object = unpack(response.new_state.as_ref(), &schema.ty())?;
        let leaks = checks::write_only_values(schema.attributes, &object);
        if !leaks.is_empty() {
            applied.faults.extend(leaks);
            return Ok(applied);
        }
        if object.is_null() {
            if !failed {
                applied.faults.push(": nothing came of it, and no error".to_owned());
            }
            return Ok(applied);
        }
        if !object.is_wholly_known() {
            applied.faults.push(": unknown values after apply".to_owned());
        }
        if !failed {
            applied.faults.extend(checks::object_compatible(&plan.planned, &object));
        }
        let tainted = creates && (failed || !applied.faults.is_empty());
        instance.stored = Some(StoredObject {
            object: object.unknown_as_null(),
            private: response.private,
            identity: response.new_identity,
            tainted,
        });
        Ok(applied)
    }

    /// `ApplyResourceChange` for a deletion.
    async fn delete(&self, instance: &mut Instance, private: Vec<u8>) -> Result<Applied, Status> {
        let schema = self.resource(&instance.type_name)?;
        let request = pb::apply_resource_change::Request {
            type_name: instance.type_name.clone(),
            prior_state: Some(pack(instance.object())),
            planned_state: Some(pack(&Raw::Null)),
            config: Some(pack(&Raw::Null)),
            planned_private: private,
            provider_meta: None,
            planned_identity: None,
        };
        let response = self.wire().apply_resource_change(request).await?.into_inner();
        let failed = has_error(&response.diagnostics);
        let mut applied = Applied { diagnostics: response.diagnostics, faults: Vec::new() };
        let object = unpack(response.new_state.as_ref(), &schema.ty())?;
        match (&mut instance.stored, object) {
            (stored, Raw::Null) if !failed => *stored = None,
            (Some(stored), object @ Raw::Map(_)) => {
                if !failed {
                    applied.faults.push(": an object is left after its deletion, and no error".to_owned());
                }
                stored.object = object.unknown_as_null();
                stored.private = response.private;
                stored.identity = response.new_identity;
            }
            // What is stored stays, with its private bytes.
            _ => {}
        }
        Ok(applied)
    }

    /// Plans the destruction of an instance.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of a plan that cannot be read.
    pub async fn plan_destroy(&self, instance: &Instance) -> Result<PlannedChange, Status> {
        let schema = self.resource(&instance.type_name)?;
        let stored = instance.stored.clone();
        let request = pb::plan_resource_change::Request {
            type_name: instance.type_name.clone(),
            prior_state: Some(pack(instance.object())),
            proposed_new_state: Some(pack(&Raw::Null)),
            config: Some(pack(&Raw::Null)),
            prior_private: stored.as_ref().map(|stored| stored.private.clone()).unwrap_or_default(),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
            prior_identity: stored.and_then(|stored| stored.identity),
            planned_private: Vec::new(),
        };
        let response = self.wire().plan_resource_change(request).await?.into_inner();
        let planned = unpack(response.planned_state.as_ref(), &schema.ty())?;
        let kept = if planned.is_null() { None } else { Some(": a destroy plan is not null".to_owned()) };
        Ok(PlannedChange {
            action: Action::Destroy,
            config: Raw::Null,
            planned,
            private: response.planned_private,
            identity: response.planned_identity,
            replace: Vec::new(),
            diagnostics: response.diagnostics,
            faults: kept.into_iter().collect(),
        })
    }

    /// A whole apply of `config`: refresh, plan, apply.
    ///
    /// # Errors
    ///
    /// As its parts.
    pub async fn converge(&self, instance: &mut Instance, config: &Raw) -> Result<(Action, Applied), Status> {
        let mut applied = self.refresh(instance).await?;
        if !applied.is_good() {
            return Ok((Action::NoOp, applied));
        }
        let plan = self.plan(instance, config).await?;
        applied.diagnostics.extend(plan.diagnostics.iter().cloned());
        applied.faults.extend(plan.faults.iter().cloned());
        if applied.is_good() {
            applied.add(self.apply(instance, &plan, config).await?);
        }
        Ok((plan.action, applied))
    }

    /// A whole destruction: refresh, plan, delete.
    ///
    /// # Errors
    ///
    /// As its parts.
    pub async fn destroy(&self, instance: &mut Instance) -> Result<Applied, Status> {
        let mut applied = self.refresh(instance).await?;
        if instance.stored.is_none() || !applied.is_good() {
            return Ok(applied);
        }
        let plan = self.plan_destroy(instance).await?;
        applied.diagnostics.extend(plan.diagnostics.iter().cloned());
        applied.faults.extend(plan.faults.iter().cloned());
        if applied.is_good() {
            applied.add(self.apply(instance, &plan, &Raw::Null).await?);
        }
        Ok(applied)
    }
}

/// What Terraform objects to in a state that it reads.
fn state_faults(schema: &WireSchema<'_>, object: &Raw) -> Vec<String> {
    let mut faults = checks::write_only_values(schema.attributes, object);
    if !object.is_wholly_known() {
        faults.push(": unknown values in a state".to_owned());
    }
    faults
}

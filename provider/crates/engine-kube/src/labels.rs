//! Labels and annotations of ours, and the selectors over them.

/// Label: the fleet, on everything a fleet or its applications own on the host.
pub(crate) const FLEET: &str = "kurator.dev/fleet";
/// Label: the application that made a Flux object.
pub(crate) const APPLICATION: &str = "kurator.dev/application";
/// Label: the policy that a Flux Kustomization carries out.
pub(crate) const POLICY: &str = "kurator.dev/policy";
/// Label: the member that an object is for.
pub(crate) const MEMBER: &str = "kurator.dev/member";
/// Label: the account that an object on a member belongs to. Not the fleet's label: a host can be its own member,
/// and what it holds as a member is not what it holds as a host.
pub(crate) const ACCESS: &str = "kurator.dev/access";
/// Label and annotation: the name of the fleet that installed Flux. Not its incarnation: a create that is carried on
/// takes a new one, and what was installed before would then be nobody's.
pub(crate) const FLUX_INSTALLED_BY: &str = "kurator.dev/flux-installed-by";
/// Annotation: how far an installation of Flux has come, on the definition that is made first and removed last.
pub(crate) const FLUX_PHASE: &str = "kurator.dev/flux-phase";

/// Annotation: the `member_role` that the user asked for.
pub(crate) const MEMBER_ROLE: &str = "kurator.dev/member-role";
/// Annotation: a member's reference.
pub(crate) const REF: &str = "kurator.dev/ref";
/// Annotation: a member's labels, as a JSON object.
pub(crate) const LABELS: &str = "kurator.dev/labels";
/// Annotation: the API server address that the user asked for.
pub(crate) const API_SERVER: &str = "kurator.dev/api-server";
/// Annotation: what the user asked for and no API stores.
pub(crate) const NOTE: &str = "kurator.dev/note";
/// Annotation: what was installed before there was a pod network, on the namespace that it is installed from.
pub(crate) const INSTALLED: &str = "kurator.dev/installed";
/// Annotation: which labels and taints of a node we look after, as a JSON object.
pub(crate) const NODE: &str = "kurator.dev/node";
/// Annotation of Flux: any new value asks for a look at once.
pub(crate) const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// A selector for objects that have every pair.
pub(crate) fn selector(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

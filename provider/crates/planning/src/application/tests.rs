use std::time::Duration;

use super::*;
use domain::application::{
    Carrier, Content, FleetTarget, GitRevision, HelmSpec, KustomizationSpec, PolicySpec, ReconcileStrategy,
    SourceFacts,
};
use domain::cluster_ref::FleetRef;
use domain::selector::LabelSelector;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn id(name: &str) -> PlacementId {
    PlacementId { name: name.into(), carrier: Carrier::Kustomization }
}

fn helm(values: &str) -> Content {
    Content::Helm(HelmSpec {
        chart: "./charts/web".into(),
        reconcile_strategy: ReconcileStrategy::ChartVersion,
        values_files: Vec::new(),
        values: values.into(),
        release_name: "web".into(),
        target_namespace: "web".into(),
        interval: Duration::from_mins(10),
        timeout: None,
        install_retries: None,
        upgrade_retries: None,
    })
}

fn kustomization(path: &str) -> Content {
    Content::Kustomization(KustomizationSpec {
        path: path.into(),
        prune: true,
        interval: Duration::from_mins(10),
        retry_interval: None,
        timeout: None,
        target_namespace: None,
        force: false,
    })
}

fn wanted(members: &[(&str, &str)]) -> ApplicationSpec {
    let labels = |env: &str| BTreeMap::from([("env".to_owned(), env.to_owned())]);
    ApplicationSpec {
        name: name("web"),
        target: FleetTarget {
            fleet: FleetRef { name: name("demo"), host: ClusterRef::parse("env:HUB?uid=1").unwrap() },
            members: members
                .iter()
                .map(|(n, env)| {
                    let cluster = ClusterRef::parse(&format!("env:A?uid={n}")).unwrap();
                    (name(n), TargetMember { cluster, labels: labels(env) })
                })
                .collect(),
        },
        source: GitSourceSpec {
            url: "https://example/apps.git".into(),
            revision: GitRevision::Branch("main".into()),
            interval: Duration::from_mins(1),
            timeout: None,
            secret_name: None,
        },
        policies: BTreeMap::from([
            (
                name("base"),
                PolicySpec { selector: LabelSelector::default(), content: kustomization("./base") },
            ),
            (
                name("edge"),
                PolicySpec {
                    selector: LabelSelector { match_labels: labels("edge") },
                    content: kustomization("./edge"),
                },
            ),
        ]),
        wait: true,
    }
}

fn mark(phase: Phase) -> Mark {
    Mark {
        kind: "kurator_application".into(),
        name: "web".into(),
        owner: "default".into(),
        incarnation: Incarnation::new("i1"),
        phase,
    }
}

/// The stages of something that was asked for anew.
fn plan(wanted: &ApplicationSpec, found: &ApplicationFacts, mark: &Mark, note: &str) -> ApplicationStages {
    super::plan(wanted, found, mark, note, Asked::Anew)
}

/// What the host holds once every step was carried out and Flux has done its part.
fn carried_out(stages: &ApplicationStages, mut found: ApplicationFacts) -> ApplicationFacts {
    for step in stages.iter().flatten() {
        match step {
            ApplicationStep::PutSource { source, mark, note }
            | ApplicationStep::Finish { source, mark, note } => {
                found.source = Some(SourceFacts {
                    spec: Some(source.clone()),
                    mark: Some(mark.clone()),
                    deleting: false,
                    progress: Progress::Ready,
                    revision: Some("main@sha1:a".into()),
                    note: Some(note.clone()),
                });
            }
            ApplicationStep::PutPlacement { id, placement, .. } => {
                found.placements.insert(
                    id.clone(),
                    PlacementFacts {
                        policy: placement.policy.clone(),
                        member: placement.member.clone(),
                        content: Some(placement.content.clone()),
                        application: Name::parse("web").unwrap(),
                        deleting: false,
                        suspended: false,
                        progress: Progress::Ready,
                        applied_revision: Some("main@sha1:a".into()),
                        inventory: vec![],
                    },
                );
            }
            ApplicationStep::RemovePlacement { id, .. } => {
                found.placements.remove(id);
            }
            ApplicationStep::AwaitApplied { placements } => {
                assert_eq!(judge(&found, placements), Verdict::default());
            }
            ApplicationStep::RemoveSource { .. } => found.source = None,
        }
    }
    found
}

#[test]
fn a_carried_out_plan_leaves_nothing_to_do_and_a_teardown_leaves_nothing() {
    let spec = wanted(&[("hub", "hub"), ("edge", "edge")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let found = carried_out(&stages, ApplicationFacts::default());
    assert_eq!(
        found.placements.keys().map(|id| id.name.as_str()).collect::<Vec<_>>(),
        ["web-base-edge", "web-base-hub", "web-edge-edge"]
    );
    assert_eq!(plan(&spec, &found, &mark(Phase::Ready), "{}"), Vec::<Vec<ApplicationStep>>::new());
    assert_eq!(drift(&spec, &found), Vec::<String>::new());
    let left = carried_out(&teardown(&spec.target.members, &found, &Incarnation::new("i1")), found);
    assert_eq!(left, ApplicationFacts::default());
}

#[test]
fn the_last_call_of_a_create_says_that_it_is_ready() {
    let spec = wanted(&[("hub", "hub")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let last = stages.last().unwrap();
    assert!(
        matches!(&last[..], [ApplicationStep::Finish { mark, .. }] if mark.phase == Phase::Ready),
        "{last:?}"
    );
}

#[test]
fn what_was_put_and_not_waited_for_is_waited_for() {
    let mut spec = wanted(&[("hub", "hub")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let mut found = carried_out(&stages, ApplicationFacts::default());
    found.source.as_mut().unwrap().mark = Some(mark(Phase::Ready));
    found.placements.get_mut(&id("web-base-hub")).unwrap().progress =
        Progress::Pending { message: String::new() };
    let stages = plan(&spec, &found, &mark(Phase::Ready), "{}");
    assert!(matches!(&stages.concat()[..], [ApplicationStep::AwaitApplied { .. }]), "{stages:?}");
    let stages = super::plan(&spec, &found, &mark(Phase::Ready), "{}", Asked::Before);
    assert_eq!(stages, Vec::<Vec<ApplicationStep>>::new(), "nobody waits for what was waited for");
    spec.wait = false;
    assert_eq!(plan(&spec, &found, &mark(Phase::Ready), "{}"), Vec::<Vec<ApplicationStep>>::new());
}

#[test]
fn an_edited_label_moves_the_policy_in_one_plan() {
    let before = wanted(&[("hub", "hub"), ("edge", "edge")]);
    let stages = plan(&before, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let found = carried_out(&stages, ApplicationFacts::default());
    let after = wanted(&[("hub", "edge"), ("edge", "hub")]);
    let stages = plan(&after, &found, &mark(Phase::Ready), "{}");
    assert!(
        matches!(&stages[0][..], [ApplicationStep::RemovePlacement { id, cluster: Some(_), .. }] if id.name == "web-edge-edge")
    );
    assert!(
        matches!(&stages[1][..], [ApplicationStep::PutPlacement { id, .. }] if id.name == "web-edge-hub")
    );
    assert!(
        matches!(&stages[2][..], [ApplicationStep::AwaitApplied { placements }] if placements.len() == 3)
    );
    assert_eq!(stages.len(), 3);
}

#[test]
fn a_policy_that_becomes_a_chart_first_takes_its_manifests_away() {
    let mut spec = wanted(&[("hub", "hub")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let found = carried_out(&stages, ApplicationFacts::default());
    spec.policies.get_mut(&name("base")).unwrap().content = helm("{}");
    let before = id("web-base-hub");
    let after = PlacementId { carrier: Carrier::HelmRelease, ..before.clone() };
    assert_eq!(
        drift(&spec, &found),
        ["base on hub: it is gone", "base on hub: it is there and should not be"]
    );
    let stages = plan(&spec, &found, &mark(Phase::Ready), "{}");
    assert!(matches!(&stages[0][..], [ApplicationStep::RemovePlacement { id, .. }] if *id == before));
    assert!(matches!(&stages[1][..], [ApplicationStep::PutPlacement { id, .. }] if *id == after));
    // Cut off in between, both are there under one name.
    let mut both = carried_out(&stages[1..].to_vec(), found);
    assert_eq!(both.placements.len(), 2);
    let rest = plan(&spec, &both, &mark(Phase::Ready), "{}");
    assert!(matches!(&rest[0][..], [ApplicationStep::RemovePlacement { id, .. }] if *id == before));
    both = carried_out(&rest, both);
    assert_eq!(plan(&spec, &both, &mark(Phase::Ready), "{}"), Vec::<Vec<ApplicationStep>>::new());

    spec.policies.get_mut(&name("base")).unwrap().content = helm("{\"replicas\":2}");
    assert_eq!(drift(&spec, &both), ["base on hub: it was changed"]);
    let stages = plan(&spec, &both, &mark(Phase::Ready), "{}");
    assert!(matches!(&stages[0][..], [ApplicationStep::PutPlacement { id, .. }] if *id == after));
    assert!(matches!(&stages[1][..], [ApplicationStep::AwaitApplied { .. }]));
    assert_eq!(stages.len(), 2);
}

#[test]
fn applied_means_the_very_revision_the_source_holds() {
    let spec = wanted(&[("hub", "hub")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let mut found = carried_out(&stages, ApplicationFacts::default());
    let all: BTreeSet<PlacementId> = spec.placements().into_keys().collect();
    found.source.as_mut().unwrap().revision = Some("main@sha1:b".into());
    assert_eq!(judge(&found, &all).pending, ["base on hub: not at the source's revision yet"]);
    found.placements.get_mut(&id("web-base-hub")).unwrap().progress =
        Progress::Failed { reason: "HealthCheckFailed".into(), message: "timeout".into(), stalled: false };
    let verdict = judge(&found, &all);
    assert_eq!(verdict.failed[0].reason, "HealthCheckFailed");
    assert!(verdict.pending.is_empty());
}

#[test]
fn what_a_stranger_did_is_listed() {
    let spec = wanted(&[("hub", "hub"), ("edge", "hub")]);
    let stages = plan(&spec, &ApplicationFacts::default(), &mark(Phase::Creating), "{}");
    let mut found = carried_out(&stages, ApplicationFacts::default());
    found.placements.get_mut(&id("web-base-hub")).unwrap().suspended = true;
    found.placements.remove(&id("web-base-edge"));
    assert_eq!(drift(&spec, &found), ["base on edge: it is gone", "base on hub: it is suspended"]);
}

#[test]
fn a_change_in_words() {
    let shape = |placements: &[(&str, &str)]| ApplicationShape {
        placements: placements.iter().fold(
            BTreeMap::new(),
            |mut all: BTreeMap<String, BTreeSet<String>>, (m, p)| {
                all.entry((*m).to_owned()).or_default().insert((*p).to_owned());
                all
            },
        ),
        source: "branch main of https://example/apps.git".into(),
        policies: BTreeMap::new(),
    };
    let change = last_change(
        Some(&shape(&[("edge", "base"), ("edge", "edge"), ("hub", "base")])),
        &shape(&[("edge", "base"), ("hub", "base"), ("hub", "edge")]),
    );
    assert_eq!(change.steps, ["edge: remove edge", "hub: deploy edge"]);
    assert_eq!(change.to, "branch main of https://example/apps.git on 2 clusters");
}

use super::*;
use domain::cluster::ClusterUid;
use domain::fleet::NamespaceFacts;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn cluster(text: &str) -> ClusterRef {
    ClusterRef::parse(text).unwrap()
}

fn member(reference: &str) -> MemberSpec {
    MemberSpec { cluster: cluster(reference), labels: BTreeMap::new(), api_server: None }
}

fn wanted(members: &[(&str, &str)]) -> FleetSpec {
    FleetSpec {
        name: name("demo"),
        host: cluster("env:HUB?uid=1"),
        members: members.iter().map(|(n, r)| (name(n), member(r))).collect(),
        member_role: "cluster-admin".into(),
        flux: FluxSpec {
            install: true,
            source: "oci://example/flux".into(),
            version: "v2".into(),
            digest: None,
            registry: None,
            concurrency: 20,
        },
    }
}

fn mark(phase: Phase) -> Mark {
    Mark {
        kind: "kurator_fleet".into(),
        name: "demo".into(),
        owner: "default".into(),
        incarnation: Incarnation::new("i1"),
        phase,
    }
}

/// What the host holds once every step was carried out.
fn carried_out(stages: &FleetStages, mut found: FleetFacts) -> FleetFacts {
    for step in stages.iter().flatten() {
        match step {
            FleetStep::InstallFlux { .. } | FleetStep::RemoveFlux => {}
            FleetStep::PutNamespace { mark, member_role } => {
                found.namespace = Some(NamespaceFacts {
                    mark: Some(mark.clone()),
                    deleting: false,
                    member_role: Some(member_role.clone()),
                });
            }
            FleetStep::Join { member, record, .. } | FleetStep::Record { member, record } => {
                found.members.insert(
                    member.clone(),
                    MemberFacts {
                        cluster: Some(record.cluster.clone()),
                        labels: record.labels.clone(),
                        api_server: record.api_server.clone(),
                        has_kubeconfig: true,
                    },
                );
            }
            FleetStep::Leave { member, .. } => {
                found.members.remove(member);
            }
            FleetStep::RemoveNamespace { .. } => found.namespace = None,
        }
    }
    found
}

const WORKING: FluxFacts = FluxFacts::Working { installed_by: None };

fn whole(spec: &FleetSpec) -> BTreeMap<Name, AccessFacts> {
    spec.members.keys().map(|member| (member.clone(), AccessFacts::Whole)).collect()
}

#[test]
fn a_carried_out_plan_leaves_nothing_to_do() {
    let spec = wanted(&[("hub", "env:HUB?uid=1"), ("edge", "env:EDGE?uid=2")]);
    let nothing = FleetFacts::default();
    let access = BTreeMap::new();
    let found = Found { host: &nothing, flux: &WORKING, access: &access };
    let stages = plan(&spec, &found, &mark(Phase::Creating));
    assert_eq!(stages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
    let host = carried_out(&stages, nothing);
    let access = whole(&spec);
    let found = Found { host: &host, flux: &WORKING, access: &access };
    assert_eq!(plan(&spec, &found, &mark(Phase::Ready)), Vec::<Vec<FleetStep>>::new());
    assert_eq!(drift(&spec, &found), Vec::<String>::new());
}

#[test]
fn another_cluster_behind_a_name_leaves_before_it_joins() {
    let before = wanted(&[("edge", "env:EDGE?uid=2")]);
    let nothing = FleetFacts::default();
    let host = carried_out(
        &plan(
            &before,
            &Found { host: &nothing, flux: &WORKING, access: &BTreeMap::new() },
            &mark(Phase::Creating),
        ),
        FleetFacts::default(),
    );
    let after = wanted(&[("edge", "env:EDGE?uid=3")]);
    let access = whole(&after);
    let stages = plan(&after, &Found { host: &host, flux: &WORKING, access: &access }, &mark(Phase::Ready));
    assert!(
        matches!(&stages[0][..], [FleetStep::Leave { cluster: Some(left), .. }] if left.uid.as_ref().unwrap().as_str() == "2")
    );
    assert!(matches!(&stages[1][..], [FleetStep::Join { .. }]));
    assert_eq!(stages.len(), 2);
}

#[test]
fn the_same_cluster_at_another_place_is_only_recorded() {
    let before = wanted(&[("edge", "env:EDGE?uid=2")]);
    let nothing = FleetFacts::default();
    let host = carried_out(
        &plan(
            &before,
            &Found { host: &nothing, flux: &WORKING, access: &BTreeMap::new() },
            &mark(Phase::Creating),
        ),
        FleetFacts::default(),
    );
    let after = wanted(&[("edge", "file:edge?uid=2")]);
    let access = whole(&after);
    let stages = plan(&after, &Found { host: &host, flux: &WORKING, access: &access }, &mark(Phase::Ready));
    assert!(matches!(&stages[..], [stage] if matches!(&stage[..], [FleetStep::Record { .. }])));
}

#[test]
fn a_broken_account_is_made_whole_and_an_unreachable_one_left_alone() {
    let spec = wanted(&[("edge", "env:EDGE?uid=2")]);
    let nothing = FleetFacts::default();
    let host = carried_out(
        &plan(
            &spec,
            &Found { host: &nothing, flux: &WORKING, access: &BTreeMap::new() },
            &mark(Phase::Creating),
        ),
        FleetFacts::default(),
    );
    let with = |access| BTreeMap::from([(name("edge"), access)]);
    let missing = with(AccessFacts::Missing);
    let found = Found { host: &host, flux: &WORKING, access: &missing };
    assert!(matches!(&plan(&spec, &found, &mark(Phase::Ready))[0][..], [FleetStep::Join { .. }]));
    assert_eq!(drift(&spec, &found), ["edge: the fleet's account there is not whole"]);
    let unknown = with(AccessFacts::Unknown);
    let found = Found { host: &host, flux: &WORKING, access: &unknown };
    assert_eq!(plan(&spec, &found, &mark(Phase::Ready)), Vec::<Vec<FleetStep>>::new());
}

#[test]
fn flux_is_removed_only_by_the_fleet_it_was_installed_for() {
    let found = FleetFacts::default();
    let by = |fleet: Option<&str>| fleet.map(str::to_owned);
    let steps = |flux: FluxFacts| teardown(&name("demo"), &found, &flux, &Incarnation::new("i1"));
    // In whatever making of the fleet it was installed: a create that is carried on takes a new one.
    assert_eq!(steps(FluxFacts::Served { installed_by: by(Some("demo")) }), [[FleetStep::RemoveFlux]]);
    assert_eq!(steps(FluxFacts::Unfinished { installed_by: "demo".into() }), [[FleetStep::RemoveFlux]]);
    for others in [by(Some("other")), by(None)] {
        assert!(steps(FluxFacts::Served { installed_by: others }).is_empty());
    }
    assert!(steps(FluxFacts::Absent).is_empty());
}

#[test]
fn a_flux_that_is_not_whole_or_does_not_answer_is_installed_again_if_a_fleet_installed_it() {
    let mut spec = wanted(&[]);
    let silent = |by: Option<&str>| FluxFacts::Silent { installed_by: by.map(str::to_owned) };
    let unfinished = |by: &str| FluxFacts::Unfinished { installed_by: by.to_owned() };
    let (nothing, install, somebody) = (FluxNeed::Nothing, FluxNeed::Install, FluxNeed::Somebody);
    for (found, where_allowed, where_not) in [
        (FluxFacts::Absent, install, nothing),
        (unfinished("demo"), install, install),
        (unfinished("other"), install, somebody),
        (silent(Some("demo")), install, install),
        (silent(Some("other")), install, somebody),
        (silent(None), somebody, somebody),
        (WORKING, nothing, nothing),
        (FluxFacts::Served { installed_by: Some("demo".into()) }, nothing, nothing),
    ] {
        for (allowed, need) in [(true, where_allowed), (false, where_not)] {
            spec.flux.install = allowed;
            assert_eq!(flux_need(&spec, &found), need, "{found:?}, install = {allowed}");
        }
    }
}

#[test]
fn the_namespace_is_made_before_flux_so_that_what_was_begun_is_known() {
    let (spec, nothing, access) = (wanted(&[]), FleetFacts::default(), BTreeMap::new());
    let found = Found { host: &nothing, flux: &FluxFacts::Absent, access: &access };
    let stages = plan(&spec, &found, &mark(Phase::Creating));
    assert!(
        matches!(
            &stages.concat()[..],
            [FleetStep::PutNamespace { .. }, FleetStep::InstallFlux { .. }, FleetStep::PutNamespace { .. }]
        ),
        "{stages:?}"
    );
    assert_eq!(drift(&spec, &found), [NAMESPACE_GONE, "flux: it is not on the host"]);
    let cut = FluxFacts::Unfinished { installed_by: "demo".into() };
    let found = Found { flux: &cut, ..found };
    assert_eq!(drift(&spec, &found)[1], "flux: its installation is unfinished");
}

#[test]
fn a_member_is_recorded_before_it_gets_an_account_and_an_unfinished_record_is_drift() {
    let spec = wanted(&[("edge", "env:EDGE?uid=2")]);
    let (nothing, access) = (FleetFacts::default(), BTreeMap::new());
    let found = Found { host: &nothing, flux: &WORKING, access: &access };
    let stages = plan(&spec, &found, &mark(Phase::Creating));
    assert!(matches!(&stages[1][..], [FleetStep::Join { record_first: true, .. }]), "{stages:?}");
    let mut host = carried_out(&stages, nothing.clone());
    host.members.get_mut(&name("edge")).unwrap().has_kubeconfig = false;
    let found = Found { host: &host, ..found };
    let stages = plan(&spec, &found, &mark(Phase::Ready));
    assert!(matches!(&stages.concat()[..], [FleetStep::Join { record_first: false, .. }]), "{stages:?}");
    assert_eq!(drift(&spec, &found), ["edge: the host has no kubeconfig for it"]);
    // Taken back, it leaves like any member.
    let stages = plan(&wanted(&[]), &found, &mark(Phase::Ready));
    assert!(matches!(&stages.concat()[..], [FleetStep::Leave { .. }]), "{stages:?}");
}

#[test]
fn a_reference_written_without_a_uid_is_the_recorded_one() {
    let spec = wanted(&[("edge", "env:EDGE")]);
    let (nothing, access) = (FleetFacts::default(), whole(&spec));
    let found = Found { host: &nothing, flux: &WORKING, access: &access };
    let mut host = carried_out(&plan(&spec, &found, &mark(Phase::Creating)), nothing.clone());
    let edge = host.members.get_mut(&name("edge")).unwrap();
    edge.cluster = edge.cluster.take().map(|cluster| cluster.with_uid(ClusterUid::new("2")));
    let found = Found { host: &host, ..found };
    assert_eq!(drift(&spec, &found), [""; 0]);
    assert_eq!(plan(&spec, &found, &mark(Phase::Ready)), Vec::<Vec<FleetStep>>::new());
    // What changes is recorded with the uid that was found.
    let mut labelled = spec;
    labelled.members.get_mut(&name("edge")).unwrap().labels.insert("env".into(), "edge".into());
    let steps = plan(&labelled, &found, &mark(Phase::Ready)).concat();
    let [FleetStep::Record { record, .. }] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(record.cluster, cluster("env:EDGE?uid=2"));
    assert_eq!(drift(&wanted(&[("edge", "env:OTHER")]), &found), ["edge: the host's record of it differs"]);
}

#[test]
fn a_change_in_words() {
    let shape = |members: &[(&str, &str)]| FleetShape {
        members: members
            .iter()
            .map(|(n, env)| ((*n).to_owned(), BTreeMap::from([("env".to_owned(), (*env).to_owned())])))
            .collect(),
        references: BTreeMap::new(),
    };
    let create = last_change(None, &shape(&[("edge", "a"), ("hub", "a")]));
    assert_eq!((create.from.as_str(), create.to.as_str()), ("", "2 clusters"));
    assert_eq!(create.steps, ["edge: join", "hub: join"]);
    let change = last_change(Some(&shape(&[("edge", "a"), ("hub", "a")])), &shape(&[("hub", "b")]));
    assert_eq!(change.steps, ["edge: leave", "hub: relabel"]);
}

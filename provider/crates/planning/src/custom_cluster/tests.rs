use super::*;
use domain::custom_cluster::RunningFacts;
use domain::mark::Incarnation;
use proptest::prelude::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn mark(incarnation: &str, phase: Phase) -> Mark {
    Mark {
        kind: "kurator_custom_cluster".into(),
        name: "factory".into(),
        owner: "default".into(),
        incarnation: Incarnation::new(incarnation),
        phase,
    }
}

fn machine(role: Role, address: &str) -> MachineSpec {
    MachineSpec {
        role,
        address: address.into(),
        labels: BTreeMap::new(),
        taints: BTreeSet::new(),
        preparation: "p1".into(),
    }
}

fn id(machine: &str, address: &str) -> MachineId {
    MachineId { name: name(machine), address: address.into() }
}

/// A control plane `cp` at `0`, and workers.
fn wanted(workers: &[(&str, &str)]) -> CustomClusterSpec {
    let mut machines = BTreeMap::from([(name("cp"), machine(Role::ControlPlane, "0"))]);
    machines.extend(workers.iter().map(|(n, a)| (name(n), machine(Role::Worker, a))));
    CustomClusterSpec { machines, cni: Some("c1".into()), max_unavailable: 1 }
}

/// Empty machines where `spec` wants some.
fn bare(spec: &CustomClusterSpec) -> CustomClusterFacts {
    let there = |id| (id, MachineFound::There(HostFacts::default()));
    CustomClusterFacts {
        machines: spec.ids().map(|(id, _)| there(id)).collect(),
        ..CustomClusterFacts::default()
    }
}

/// Looks at machines that were not looked at yet: they are empty.
fn also_looking_at(mut found: CustomClusterFacts, spec: &CustomClusterSpec) -> CustomClusterFacts {
    for (id, machine) in bare(spec).machines {
        let same = found.machines.iter().find(|(seen, _)| seen.address == id.address);
        let machine = same.map_or(machine, |(_, seen)| seen.clone());
        found.machines.entry(id).or_insert(machine);
    }
    found
}

/// What is there once every step was carried out. Holds the rules that machines and API would object to.
fn carried_out(stages: &CustomClusterStages, found: &CustomClusterFacts) -> CustomClusterFacts {
    let mut found = found.clone();
    for lane in stages.iter().flatten() {
        for step in &lane.steps {
            carry_out(step, &lane.machine, &mut found);
        }
    }
    found
}

fn carry_out(step: &CustomClusterStep, id: &MachineId, found: &mut CustomClusterFacts) {
    let host = match found.machines.get_mut(id) {
        Some(MachineFound::There(host)) => host,
        _ => &mut HostFacts::default(),
    };
    let node = |found: &CustomClusterFacts| found.running.as_ref().unwrap().nodes.get(&id.name).cloned();
    match step {
        CustomClusterStep::Claim { mark } | CustomClusterStep::Finish { mark } => {
            (host.mark, host.name) = (Some(mark.clone()), Some(id.name.clone()));
        }
        CustomClusterStep::Prepare { preparation } => {
            assert!(host.mark.is_some(), "{id} is prepared before it is marked");
            host.preparation = Some(preparation.clone());
        }
        CustomClusterStep::Init => {
            assert!(host.preparation.is_some());
            host.kubeadm = Kubeadm::Done;
            assert!(found.running.is_none(), "a second cluster");
            let nodes = [(id.name.clone(), fresh_node())].into();
            found.running = Some(RunningFacts { nodes, cni: None });
        }
        CustomClusterStep::Join => {
            assert!(host.preparation.is_some());
            assert_eq!(host.kubeadm, Kubeadm::Nothing, "{id} joins on top of something");
            host.kubeadm = Kubeadm::Done;
            let running = found.running.as_mut().expect("a cluster to join");
            assert!(running.nodes.insert(id.name.clone(), fresh_node()).is_none(), "two nodes of one name");
        }
        CustomClusterStep::Record { machines } => found.record = Some(machines.clone()),
        CustomClusterStep::InstallCni { cni } => found.running.as_mut().unwrap().cni = Some(cni.clone()),
        CustomClusterStep::SetNode { labels, taints } => {
            let node = found.running.as_mut().unwrap().nodes.get_mut(&id.name).unwrap();
            (node.labels, node.taints) = (labels.clone(), taints.clone());
        }
        CustomClusterStep::Uncordon => {
            found.running.as_mut().unwrap().nodes.get_mut(&id.name).unwrap().schedulable = true;
        }
        CustomClusterStep::Drain => {
            found.running.as_mut().unwrap().nodes.get_mut(&id.name).unwrap().schedulable = false;
        }
        CustomClusterStep::AwaitReady => assert!(node(found).is_some(), "{id} is waited for and has no node"),
        CustomClusterStep::RemoveNode => {
            found.running.as_mut().unwrap().nodes.remove(&id.name).expect("a node to remove");
        }
        CustomClusterStep::Reset => *host = HostFacts::default(),
    }
    let Some(MachineFound::There(host)) = found.machines.get(id).cloned() else { return };
    // One machine may be looked at under several names.
    for (other, seen) in &mut found.machines {
        if other.address == id.address {
            *seen = MachineFound::There(host.clone());
        }
    }
}

fn fresh_node() -> NodeState {
    NodeState { ready: true, schedulable: true, ..NodeState::default() }
}

/// The steps by machine, stage by stage.
fn told(stages: &CustomClusterStages) -> Vec<String> {
    let lane = |lane: &Lane| {
        let steps: Vec<String> = lane.steps.iter().map(in_a_word).collect();
        format!("{}: {}", lane.machine.name, steps.join(" "))
    };
    stages.iter().map(|stage| stage.iter().map(lane).collect::<Vec<_>>().join(" | ")).collect()
}

fn in_a_word(step: &CustomClusterStep) -> String {
    let text = format!("{step:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

fn made(spec: &CustomClusterSpec) -> CustomClusterFacts {
    let found = bare(spec);
    carried_out(&plan(spec, &found, &mark("1", Phase::Creating)), &found)
}

#[test]
fn a_cluster_is_made_of_empty_machines() {
    let spec = wanted(&[("w1", "1"), ("w2", "2")]);
    let stages = plan(&spec, &bare(&spec), &mark("1", Phase::Creating));
    assert_eq!(
        told(&stages),
        [
            "cp: Claim Record",
            "cp: Prepare Init | w1: Claim Prepare | w2: Claim Prepare",
            "cp: InstallCni SetNode | w1: Join SetNode | w2: Join SetNode",
            "cp: AwaitReady | w1: AwaitReady | w2: AwaitReady",
            "cp: Finish",
        ]
    );
    assert!(plan(&spec, &made(&spec), &mark("1", Phase::Ready)).is_empty());
}

#[test]
fn a_create_that_was_cut_off_after_joining_waits_for_what_joined() {
    let spec = wanted(&[("w1", "1")]);
    let mut found = made(&spec);
    let running = found.running.as_mut().unwrap();
    running.nodes.get_mut(&name("w1")).unwrap().ready = false;
    let steps = |phase| told(&plan(&spec, &found, &mark("1", phase)));
    assert!(steps(Phase::Creating).contains(&"w1: AwaitReady".to_owned()), "{:?}", steps(Phase::Creating));
    // A finished cluster's node that is down is nobody's to wait for.
    assert!(steps(Phase::Ready).is_empty());
}

#[test]
fn where_the_site_brings_the_pod_network_nobody_waits_for_it() {
    let mut spec = wanted(&[("w1", "1")]);
    spec.cni = None;
    let steps = told(&plan(&spec, &bare(&spec), &mark("i", Phase::Creating)));
    assert!(steps.iter().all(|step| !step.contains("AwaitReady")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("Join")), "{steps:?}");
}

#[test]
fn machines_come_before_others_leave() {
    let before = wanted(&[("w1", "1"), ("w2", "2")]);
    let after = wanted(&[("w2", "2"), ("w3", "3")]);
    let found = also_looking_at(made(&before), &after);
    let stages = plan(&after, &found, &mark("1", Phase::Ready));
    assert_eq!(
        told(&stages),
        [
            "cp: Record",
            "w3: Claim Prepare",
            "w3: Join SetNode",
            "w3: AwaitReady",
            "w1: Drain RemoveNode Reset",
            "cp: Record",
        ]
    );
    let found = carried_out(&stages, &found);
    assert!(!found.record.as_ref().unwrap().contains(&id("w1", "1")));
    assert!(plan(&after, &found, &mark("1", Phase::Ready)).is_empty());
}

#[test]
fn another_machine_under_a_name_or_another_name_for_a_machine_makes_way_first() {
    let before = wanted(&[("w1", "1"), ("w2", "2")]);
    for after in [wanted(&[("w1", "9"), ("w2", "2")]), wanted(&[("w9", "1"), ("w2", "2")])] {
        let found = also_looking_at(made(&before), &after);
        let stages = plan(&after, &found, &mark("1", Phase::Ready));
        assert_eq!(told(&stages)[1], "w1: Drain RemoveNode Reset");
        let found = carried_out(&stages, &found);
        assert!(plan(&after, &found, &mark("1", Phase::Ready)).is_empty());
    }
}

#[test]
fn workers_leave_in_batches() {
    let before = wanted(&[("w1", "1"), ("w2", "2"), ("w3", "3")]);
    let after = CustomClusterSpec { max_unavailable: 2, ..wanted(&[]) };
    let stages = plan(&after, &made(&before), &mark("1", Phase::Ready));
    assert_eq!(
        told(&stages),
        [
            "w1: Drain RemoveNode Reset | w2: Drain RemoveNode Reset",
            "w3: Drain RemoveNode Reset",
            "cp: Record"
        ]
    );
}

#[test]
fn a_machine_that_does_not_answer_loses_its_node_and_stays_recorded_until_it_is_clean() {
    let before = wanted(&[("w1", "1"), ("w2", "2")]);
    let after = wanted(&[("w1", "1")]);
    let dead = id("w2", "2");
    let mut found = made(&before);
    let held = found.machines.insert(dead.clone(), MachineFound::OutOfReach).unwrap();
    let stages = plan(&after, &found, &mark("1", Phase::Ready));
    assert_eq!(told(&stages), ["w2: RemoveNode"]);
    found = carried_out(&stages, &found);
    assert!(plan(&after, &found, &mark("1", Phase::Ready)).is_empty());
    assert!(drift(&after, &found).is_empty());
    found.machines.insert(dead.clone(), held);
    assert_eq!(drift(&after, &found), ["w2 (2): it is to leave, and answers"]);
    let stages = plan(&after, &found, &mark("1", Phase::Ready));
    assert_eq!(told(&stages), ["w2: Reset", "cp: Record"]);
    found = carried_out(&stages, &found);
    assert!(!found.record.unwrap().contains(&dead));
}

#[test]
fn a_machine_that_was_installed_anew_joins_anew() {
    let spec = wanted(&[("w1", "1")]);
    let mut found = made(&spec);
    found.machines.insert(id("w1", "1"), MachineFound::There(HostFacts::default()));
    let stages = plan(&spec, &found, &mark("1", Phase::Ready));
    assert_eq!(told(&stages), ["w1: Claim Prepare", "w1: RemoveNode Join SetNode", "w1: AwaitReady"]);
}

#[test]
fn what_a_person_changed_is_mended_in_place() {
    let spec = wanted(&[("w1", "1"), ("w2", "2")]);
    let mut found = made(&spec);
    let nodes = &mut found.running.as_mut().unwrap().nodes;
    nodes.get_mut(&name("w1")).unwrap().schedulable = false;
    nodes.get_mut(&name("w2")).unwrap().labels.insert("a".into(), "b".into());
    if let Some(MachineFound::There(host)) = found.machines.get_mut(&id("w1", "1")) {
        host.preparation = Some("p0".into());
    }
    assert_eq!(
        drift(&spec, &found),
        ["w1: it is prepared otherwise", "w1: its node takes no new pods", "w2: labels of its node differ"]
    );
    let stages = plan(&spec, &found, &mark("1", Phase::Ready));
    assert_eq!(told(&stages), ["w2: SetNode", "w1: Uncordon", "w1: Prepare AwaitReady"]);
}

#[test]
fn a_resumed_create_stamps_every_machine_and_makes_no_second_cluster() {
    let spec = wanted(&[("w1", "1")]);
    let stages = plan(&spec, &made(&spec), &mark("2", Phase::Creating));
    assert_eq!(told(&stages), ["cp: Claim", "w1: Claim", "cp: Finish"]);
}

#[test]
fn a_teardown_ends_with_the_control_plane_and_leaves_what_is_not_ours() {
    let spec = wanted(&[("w1", "1"), ("w2", "2"), ("w3", "3")]);
    let mut found = made(&spec);
    found.machines.insert(id("w2", "2"), MachineFound::OutOfReach);
    found.machines.insert(id("w3", "3"), MachineFound::There(HostFacts::default()));
    assert_eq!(told(&teardown(&found, &id("cp", "0"))), ["w1: Reset", "cp: Reset"]);
}

#[test]
fn changes_are_told_in_words() {
    let shape = |machines: &[(&str, bool, &str)]| CustomClusterShape {
        version: "1.34.4".into(),
        machines: machines
            .iter()
            .map(|(name, is_control_plane, address)| {
                let address = (*address).to_owned();
                let is_control_plane = *is_control_plane;
                ((*name).to_owned(), MachineShape { is_control_plane, address, ..MachineShape::default() })
            })
            .collect(),
        cni: "cilium 1.18".into(),
    };
    let first = shape(&[("cp", true, "0"), ("w1", false, "1"), ("w2", false, "2")]);
    let made = last_change(None, &first);
    assert_eq!((made.from.as_str(), made.to.as_str()), ("", "Kubernetes 1.34.4 on 3 machines"));
    assert_eq!(
        made.steps,
        ["cp: make the control plane", "pod network: cilium 1.18", "w1: join", "w2: join"]
    );
    let second = shape(&[("cp", true, "0"), ("w1", false, "7"), ("w3", false, "3")]);
    assert_eq!(
        last_change(Some(&first), &second).steps,
        ["w1: leave 1, join 7", "w3: join", "w2: drain and leave"]
    );
    assert!(last_change(Some(&first), &first).only_mends());
}

/// Workers by name and address, a few of each so that they meet.
fn some_workers() -> impl Strategy<Value = CustomClusterSpec> {
    let worker = (0..4_u8, 1..5_u8, 0..2_u8);
    (proptest::collection::vec(worker, 0..4), 1..3_usize, 0..2_u8).prop_map(
        |(workers, max_unavailable, cni)| {
            let mut spec = wanted(&[]);
            let mut taken = BTreeSet::new();
            for (n, address, preparation) in workers {
                if taken.insert(address) {
                    let mut machine = machine(Role::Worker, &address.to_string());
                    machine.preparation = format!("p{preparation}");
                    machine.labels.insert("n".into(), preparation.to_string());
                    spec.machines.insert(name(&format!("w{n}")), machine);
                }
            }
            CustomClusterSpec { cni: (cni > 0).then(|| "c1".into()), max_unavailable, ..spec }
        },
    )
}

proptest! {
    /// Cut off after any step of any lane, the next plan goes on, makes no second cluster, and comes to its end.
    #[test]
    fn a_plan_that_was_cut_off_anywhere_is_carried_on(
        before in some_workers(),
        after in some_workers(),
        cuts in proptest::collection::vec(0..20_usize, 0..4),
    ) {
        let mut found = also_looking_at(made(&before), &after);
        for cut in cuts {
            let stages = plan(&after, &found, &mark("1", Phase::Ready));
            let steps = stages.iter().flatten().flat_map(|lane| lane.steps.iter().map(move |step| (step, lane)));
            for (step, lane) in steps.take(cut) {
                carry_out(step, &lane.machine, &mut found);
            }
        }
        let stages = plan(&after, &found, &mark("1", Phase::Ready));
        found = carried_out(&stages, &found);
        let again = plan(&after, &found, &mark("1", Phase::Ready));
        prop_assert!(again.is_empty(), "{again:?}");
        prop_assert!(drift(&after, &found).is_empty());
        let wanted: BTreeSet<MachineId> = after.ids().map(|(id, _)| id).collect();
        prop_assert_eq!(found.record.unwrap(), wanted.clone());
        for (id, machine) in &found.machines {
            let MachineFound::There(host) = machine else { continue };
            let is_wanted = wanted.iter().any(|wanted| wanted.address == id.address);
            prop_assert_eq!(host.mark.is_some(), is_wanted, "{}", id);
        }
    }

    /// The control plane is in no lane that takes something away, whatever else changes.
    #[test]
    fn the_last_control_plane_is_never_removed(before in some_workers(), after in some_workers()) {
        let found = also_looking_at(made(&before), &after);
        let stages = plan(&after, &found, &mark("1", Phase::Ready));
        for lane in stages.iter().flatten().filter(|lane| lane.machine == id("cp", "0")) {
            let takes_away = |step: &CustomClusterStep| {
                matches!(step, CustomClusterStep::Reset | CustomClusterStep::RemoveNode | CustomClusterStep::Drain)
            };
            prop_assert!(!lane.steps.iter().any(takes_away));
        }
    }
}

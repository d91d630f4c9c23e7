//! Every mutating call of every operation is broken once, before it is carried out and after: the next apply carries
//! on, nothing is removed that the unbroken run does not remove, and a destroy leaves nothing.

use crate::world::{World, assert_good};
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;
use engines::error::Kind;
use testkit::fake_kube::Moment;
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::{Action, Instance};

const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_breaks_anywhere_is_carried_on_and_removes_nothing() {
    let mut whole = World::new().await;
    assert_good("fleet", &whole.converge_fleet("edge", "hub").await.1);
    let fleet_calls = whole.clusters.mutations().len();
    assert_good("application", &whole.converge_application().await.1);
    let application_calls = whole.clusters.mutations().len() - fleet_calls;
    assert!(fleet_calls >= 5 && application_calls >= 4, "{:?}", whole.clusters.mutations());
    whole.destroy_all().await;

    for moment in MOMENTS {
        for n in 1..=fleet_calls {
            let at = format!("fleet, call {n}, {moment:?}");
            let mut world = World::new().await;
            world.clusters.break_at(n, moment, Kind::Rejected);
            let (_, broken) = world.converge_fleet("edge", "hub").await;
            assert!(broken.faults.is_empty(), "{at}: {:?}", broken.faults);
            assert_good(&at, &world.converge_fleet("edge", "hub").await.1);
            assert_eq!(world.removals(), Vec::<String>::new(), "{at}");
            assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
        for n in 1..=application_calls {
            let at = format!("application, call {n}, {moment:?}");
            let mut world = World::new().await;
            assert_good(&at, &world.converge_fleet("edge", "hub").await.1);
            world.clusters.break_at(n, moment, Kind::Rejected);
            let (_, broken) = world.converge_application().await;
            assert!(broken.faults.is_empty(), "{at}: {:?}", broken.faults);
            assert_good(&at, &world.converge_application().await.1);
            assert_eq!(world.removals(), Vec::<String>::new(), "{at}");
            assert_eq!(world.converge_application().await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_last_answer_is_lost_is_over() {
    let mut whole = World::new().await;
    assert_good("fleet", &whole.converge_fleet("edge", "hub").await.1);
    let fleet_calls = whole.clusters.mutations().len();
    assert_good("application", &whole.converge_application().await.1);
    let application_calls = whole.clusters.mutations().len() - fleet_calls;

    let mut world = World::new().await;
    world.clusters.break_at(fleet_calls, Moment::After, Kind::Unreachable);
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.break_at(application_calls, Moment::After, Kind::Unreachable);
    assert_good("application", &world.converge_application().await.1);
    assert_eq!(world.converge_application().await.0, Action::NoOp);

    // Where it was not carried out, it is not over.
    let mut world = World::new().await;
    world.clusters.break_at(fleet_calls, Moment::Before, Kind::Unreachable);
    assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_create_made_before_it_panicked_is_in_state() {
    let mut whole = World::new().await;
    assert_good("fleet", &whole.converge_fleet("edge", "hub").await.1);
    let fleet_calls = whole.clusters.mutations().len();
    assert_good("application", &whole.converge_application().await.1);
    let application_calls = whole.clusters.mutations().len() - fleet_calls;
    for n in 1..=fleet_calls {
        let mut world = World::new().await;
        world.clusters.panic_at(n);
        assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
        assert_good(&format!("call {n}"), &world.client.destroy(&mut world.fleet).await.unwrap());
        assert!(world.clusters.is_empty(), "call {n}");
    }
    for n in 1..=application_calls {
        let mut world = World::new().await;
        assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
        world.clusters.panic_at(n);
        assert!(!world.converge_application().await.1.is_good());
        world.destroy_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_fails_at_once_forgets_nothing() {
    for moment in MOMENTS {
        for first in [2, 3] {
            let at = format!("{moment:?}, after {first} calls");
            let mut world = World::new().await;
            world.clusters.break_at(first, Moment::After, Kind::Rejected);
            assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
            world.clusters.break_at(1, moment, Kind::Unreachable);
            assert!(!world.converge_fleet("edge", "hub").await.1.is_good(), "{at}");
            assert_good(&at, &world.client.destroy(&mut world.fleet).await.unwrap());
            assert!(world.clusters.is_empty(), "{at}");

            let mut world = World::new().await;
            assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
            world.clusters.break_at(first, Moment::After, Kind::Rejected);
            assert!(!world.converge_application().await.1.is_good());
            world.clusters.break_at(1, moment, Kind::Unreachable);
            assert!(!world.converge_application().await.1.is_good(), "{at}");
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_made_at_the_same_moment_is_not_removed_with_our_state() {
    let fleet = Name::parse("demo").unwrap();
    for owner in ["them", "default"] {
        let mut world = World::new().await;
        let theirs = Mark {
            kind: "kurator_fleet".to_owned(),
            name: "demo".to_owned(),
            owner: owner.to_owned(),
            incarnation: Incarnation::new("theirs"),
            phase: Phase::Creating,
        };
        world.clusters.overtake(&fleet, theirs.clone());
        assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
        world.client.destroy(&mut world.fleet).await.unwrap();
        let namespace = world.clusters.fleet("uid-hub", &fleet).namespace;
        assert_eq!(namespace.and_then(|namespace| namespace.mark), Some(theirs), "{owner}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_is_refused_forgets_nothing() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.break_at(3, Moment::After, Kind::Rejected);
    assert!(!world.converge_application().await.1.is_good());
    world.clusters.begin_deleting("uid-hub", &Name::parse("demo").unwrap());
    let (_, refused) = world.converge_application().await;
    let told = in_words(&refused.diagnostics);
    assert!(told.iter().any(|told| told.contains("Fleet is gone")), "{told:?}");
    assert!(world.application.stored.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_breaks_anywhere_converges() {
    let mut whole = World::new().await;
    whole.converge_fleet("edge", "hub").await;
    whole.converge_application().await;
    whole.clusters.clear_calls();
    assert_good("labels", &whole.converge_fleet("hub", "edge").await.1);
    assert_good("move", &whole.converge_application().await.1);
    let calls = whole.clusters.mutations().len();
    let removed = whole.removals();
    assert_eq!(removed.len(), 1, "{removed:?}");

    for moment in MOMENTS {
        for n in 1..=calls {
            let at = format!("call {n}, {moment:?}");
            let mut world = World::new().await;
            world.converge_fleet("edge", "hub").await;
            world.converge_application().await;
            world.clusters.clear_calls();
            world.clusters.break_at(n, moment, Kind::Rejected);
            if world.converge_fleet("hub", "edge").await.1.is_good() {
                world.converge_application().await;
            }
            assert_good(&at, &world.converge_fleet("hub", "edge").await.1);
            assert_good(&at, &world.converge_application().await.1);
            assert_eq!(world.converge_fleet("hub", "edge").await.0, Action::NoOp, "{at}");
            assert_eq!(world.converge_application().await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_breaks_anywhere_is_finished_by_the_next() {
    let mut whole = World::new().await;
    whole.converge_fleet("edge", "hub").await;
    whole.converge_application().await;
    whole.clusters.clear_calls();
    whole.destroy_all().await;
    let calls = whole.clusters.mutations().len();

    for moment in MOMENTS {
        for n in 1..=calls {
            let mut world = World::new().await;
            world.converge_fleet("edge", "hub").await;
            world.converge_application().await;
            world.clusters.clear_calls();
            world.clusters.break_at(n, moment, Kind::Rejected);
            let first = world.client.destroy(&mut world.application).await.unwrap();
            if first.is_good() {
                world.client.destroy(&mut world.fleet).await.unwrap();
            }
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_object_is_refused_with_the_import_block_and_can_be_imported() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    let config = world.fleet_config("edge", "hub");
    let mut stranger = Instance::new("kurator_fleet");
    let (_, refused) = world.client.converge(&mut stranger, &config).await.unwrap();
    let id = "fleet:demo?host=env%3AHUB%3Fuid%3Duid-hub";
    let [told] = &refused.diagnostics[..] else { panic!("{:?}", in_words(&refused.diagnostics)) };
    assert!(told.detail.contains(&format!("id = {id:?}")), "{}", told.detail);

    let (mut imported, applied) = world.client.import("kurator_fleet", id).await.unwrap();
    assert_good("import", &applied);
    assert_eq!(world.client.converge(&mut imported, &config).await.unwrap().0, Action::NoOp);
    let id = "fleet:demo/web?host=env%3AHUB";
    let (mut imported, applied) = world.client.import("kurator_application", id).await.unwrap();
    assert_good("import", &applied);
    let config = world.application_config();
    assert_eq!(world.client.converge(&mut imported, &config).await.unwrap().0, Action::NoOp);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_out_of_reach_is_a_warning_in_a_read_and_keeps_the_state() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let before = world.fleet.object().clone();
    for kind in [Kind::Unreachable, Kind::Unauthenticated, Kind::Denied, Kind::TimedOut] {
        world.clusters.set_trouble("uid-edge", Some(kind));
        let (action, applied) = world.converge_fleet("edge", "hub").await;
        assert_good("read", &applied);
        assert_eq!(action, Action::NoOp);
        assert!(in_words(&applied.diagnostics).join("\n").contains("edge"), "{kind:?}");
        assert_eq!(*world.fleet.object(), before, "{kind:?}");
    }
    world.clusters.set_trouble("uid-edge", None);
    assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp);
}

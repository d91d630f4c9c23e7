//! Every step of every operation breaks once: it is not begun, or its answer is lost. The next apply carries on, the
//! cluster is made once, and a destroy leaves nothing.

use engines::error::Kind;
use tf_value::raw::Raw;

use super::{CP1, MOMENTS, W1, W2, W3, World};
use crate::world::assert_good;
use testkit::fake_kube::Moment;
use testkit::protocol_client_instance::Action;

/// An operation: what there is before it, and what it makes of that.
struct Operation {
    called: &'static str,
    before: Option<Vec<(&'static str, &'static str)>>,
    after: Vec<(&'static str, &'static str)>,
}

fn operations() -> Vec<Operation> {
    let of = |called, before: Option<&[_]>, after: &[_]| Operation {
        called,
        before: before.map(<[_]>::to_vec),
        after: after.to_vec(),
    };
    vec![
        of("create", None, &[("w1", W1), ("w2", W2)]),
        of("grow", Some(&[("w1", W1)]), &[("w1", W1), ("w2", W2), ("w3", W3)]),
        of("shrink", Some(&[("w1", W1), ("w2", W2)]), &[("w2", W2)]),
        of("replace", Some(&[("w1", W1)]), &[("w1", W2)]),
    ]
}

impl Operation {
    /// A world in which it can begin, with its configuration.
    async fn ground(&self) -> (World, Raw) {
        let mut world = World::new().await;
        if let Some(before) = &self.before {
            let config = world.config(before);
            assert_good(self.called, &world.converge(&config).await.1);
        }
        let config = world.config(&self.after);
        (world, config)
    }
}

/// Where a call breaks.
#[derive(Clone, Copy, Debug)]
enum Place {
    Machine,
    Api,
}

fn break_at(world: &World, place: Place, n: usize, moment: Moment, kind: Kind) {
    match place {
        Place::Machine => world.site.machines.break_at(n, moment, kind),
        Place::Api => world.site.clusters.break_at(n, moment, kind),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_is_carried_on() {
    for operation in operations() {
        let (mut whole, config) = operation.ground().await;
        let before = whole.mutations();
        assert_good(operation.called, &whole.converge(&config).await.1);
        let after = whole.mutations();
        let on = [(Place::Machine, after.0 - before.0), (Place::Api, after.1 - before.1)];
        assert!(on[0].1 >= 2, "{}: {on:?}", operation.called);
        for (place, calls) in on {
            for n in 1..=calls {
                for moment in MOMENTS {
                    carries_on(&operation, place, n, moment).await;
                }
            }
        }
    }
}

async fn carries_on(operation: &Operation, place: Place, n: usize, moment: Moment) {
    for kind in [Kind::Rejected, Kind::Unreachable] {
        let at = format!("{}, {place:?} call {n}, {moment:?}, {kind:?}", operation.called);
        let (mut world, config) = operation.ground().await;
        let uid = world.site.uid(CP1);
        break_at(&world, place, n, moment, kind);
        let (_, broken) = world.converge(&config).await;
        assert!(broken.faults.is_empty(), "{at}: {:?}", broken.faults);
        assert_good(&at, &world.converge(&config).await.1);
        assert_eq!(world.converge(&config).await.0, Action::NoOp, "{at}");
        // Whatever broke: the cluster that was there is there, and no second one was ever made.
        if uid.is_some() {
            assert_eq!(world.site.uid(CP1), uid, "{at}");
        }
        assert!(world.site.uid(CP1).unwrap().ends_with("-1"), "{at}");
        world.destroy(&at).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_broke_is_taken_down_wholly() {
    let create = &operations()[0];
    let (mut whole, config) = create.ground().await;
    assert_good("create", &whole.converge(&config).await.1);
    let (on_machines, _) = whole.mutations();
    for n in 1..=on_machines {
        for moment in MOMENTS {
            let at = format!("call {n}, {moment:?}");
            let (mut world, config) = create.ground().await;
            break_at(&world, Place::Machine, n, moment, Kind::Rejected);
            world.converge(&config).await;
            world.destroy(&at).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_breaks_anywhere_is_finished_by_the_next() {
    let grown = &operations()[0];
    let (mut whole, config) = grown.ground().await;
    assert_good("create", &whole.converge(&config).await.1);
    let before = whole.mutations().0;
    whole.destroy("whole").await;
    let calls = whole.mutations().0 - before;
    for n in 1..=calls {
        for moment in MOMENTS {
            let at = format!("call {n}, {moment:?}");
            let (mut world, config) = grown.ground().await;
            assert_good(&at, &world.converge(&config).await.1);
            break_at(&world, Place::Machine, n, moment, Kind::Rejected);
            let first = world.client.destroy(&mut world.cluster).await.unwrap();
            assert!(first.faults.is_empty(), "{at}: {:?}", first.faults);
            if world.cluster.stored.is_some() {
                world.destroy(&at).await;
            }
            for host in [CP1, W1, W2] {
                assert!(world.site.is_clean(host), "{at}: {host}");
            }
        }
    }
}

//! Plans: what is known, what is not, and what a provider may not plan.

use testkit::protocol_client::{in_words, pack};
use testkit::protocol_client_instance::{Action, Instance};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tf_value::refinement::Refinement;

use crate::{bench, number, object, text, thing_with, told};

fn list<const N: usize>(elements: [Raw; N]) -> Raw {
    Raw::List(elements.into())
}

fn member() -> Raw {
    object([("zone", text("z"))])
}

#[tokio::test]
async fn a_create_has_defaults_and_leaves_the_rest_unknown() {
    let bench = bench().await;
    let plan = bench
        .plan_thing(
            &Instance::new("toy_thing"),
            [("members", object([("m", member())])), ("secret", text("s"))],
        )
        .await;
    assert!(plan.is_good(), "{plan:?}");
    let member = object([
        ("weight", number(10)),
        ("zone", text("z")),
        ("address", Raw::unknown()),
        ("serial", Raw::unknown()),
        ("pin", Raw::Null),
    ]);
    let given = object([
        ("name", text("t")),
        ("size", number(1)),
        ("members", object([("m", member)])),
        ("id", Raw::unknown()),
        ("revision", Raw::unknown()),
        ("drift", Raw::unknown()),
        ("color", Raw::unknown()),
    ]);
    assert_eq!(plan.planned, bench.resource("toy_thing").unwrap().object(given).unwrap());
    assert_eq!((plan.action, plan.private.as_slice()), (Action::Create, b"create".as_slice()));
}

#[tokio::test]
async fn the_same_configuration_plans_exactly_what_is_stored() {
    let bench = bench().await;
    let thing = bench.thing([("members", object([("m", member())])), ("secret", text("s"))]).await;
    let plan =
        bench.plan_thing(&thing, [("members", object([("m", member())])), ("secret", text("other"))]).await;
    assert_eq!((plan.action, pack(&plan.planned)), (Action::NoOp, pack(thing.object())));
}

#[tokio::test]
async fn another_spelling_is_no_change_and_the_stored_one_stays() {
    let bench = bench().await;
    let mut thing = bench.thing([("notes", text("a b"))]).await;
    let plan = bench.plan_thing(&thing, [("notes", text(" a  b "))]).await;
    assert_eq!((plan.action, pack(&plan.planned)), (Action::NoOp, pack(thing.object())));
    // Beside a real change, too.
    let config = [("notes", text("a\tb")), ("size", number(2))];
    let plan = bench.plan_thing(&thing, config.clone()).await;
    assert!(plan.is_good(), "{plan:?}");
    assert_eq!((plan.action, plan.planned.get("notes")), (Action::Update, &text("a b")));
    let (_, applied) = bench.converge(&mut thing, &thing_with(config)).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    let plan = bench.plan_thing(&thing, [("notes", text("a c")), ("size", number(2))]).await;
    assert_eq!((plan.action, plan.planned.get("notes")), (Action::Update, &text("a c")));
}

#[tokio::test]
async fn a_change_keeps_what_keeps_and_forgets_the_rest() {
    let bench = bench().await;
    let thing = bench.thing([("members", object([("m", member()), ("n", member())]))]).await;
    let heavy = object([("zone", text("z")), ("weight", number(3))]);
    let members = object([("m", heavy), ("o", member())]);
    let plan = bench.plan_thing(&thing, [("members", members)]).await;
    assert!(plan.is_good(), "{plan:?}");
    let planned = |path: &[&str]| path.iter().fold(&plan.planned, |here, name| here.get(name)).clone();
    assert_eq!(plan.action, Action::Update);
    assert_eq!(planned(&["id"]), text("id-of-t"));
    assert_eq!(planned(&["revision"]), Raw::unknown());
    assert_eq!(planned(&["drift"]), list([]));
    assert_eq!(planned(&["color"]), Raw::unknown());
    assert_eq!(planned(&["members", "m", "serial"]), text("serial-m"));
    assert_eq!(planned(&["members", "m", "address"]), Raw::unknown());
    assert_eq!(planned(&["members", "o", "serial"]), Raw::unknown());
    assert_eq!(planned(&["members", "o", "weight"]), number(10));
}

#[tokio::test]
async fn removing_an_argument_plans_its_default() {
    let bench = bench().await;
    let mut thing = bench.thing([("size", number(7))]).await;
    let plan = bench.plan_thing(&thing, []).await;
    assert_eq!((plan.action, plan.planned.get("size")), (Action::Update, &number(1)));
    let (_, applied) = bench.converge(&mut thing, &thing_with([])).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    assert_eq!(bench.plan_thing(&thing, []).await.action, Action::NoOp);
}

#[tokio::test]
async fn what_settles_is_an_update_that_mends() {
    let bench = bench().await;
    let mut thing = bench.thing([]).await;
    let Raw::Map(entries) = &mut thing.stored.as_mut().unwrap().object else {
        unreachable!("it is an object")
    };
    entries.insert("drift".to_owned(), list([text("something is missing")]));
    let plan = bench.plan_thing(&thing, []).await;
    assert_eq!((plan.action, plan.planned.get("drift")), (Action::Update, &list([])));
    assert_eq!(plan.planned.get("revision"), &Raw::unknown());
}

#[tokio::test]
async fn refinements_of_unknown_values_come_back() {
    let bench = bench().await;
    // Not null, begins with "pre-".
    let refined = Raw::Unknown(Refinement::from_body(b"\x82\x01\xc2\x02\xa4pre-"));
    let config = [("notes", refined.clone()), ("behave", text("plan_color"))];
    let plan = bench.plan_thing(&Instance::new("toy_thing"), config).await;
    assert_eq!(pack(plan.planned.get("notes")), pack(&refined));
    assert_eq!(plan.planned.get("color"), &text("red"));
}

#[tokio::test]
async fn sets_keep_each_unknown_element() {
    let bench = bench().await;
    let labels = Raw::set(vec![Raw::unknown(), text("a"), Raw::unknown()]);
    let plan = bench.plan_thing(&Instance::new("toy_thing"), [("labels", labels.clone())]).await;
    assert!(plan.is_good(), "{plan:?}");
    assert_eq!(pack(plan.planned.get("labels")), pack(&labels));
}

#[tokio::test]
async fn elements_of_a_set_are_known_by_what_is_configured() {
    let bench = bench().await;
    let rule = |port| object([("port", number(port))]);
    let rules = |ports: &[i64]| [("rules", Raw::set(ports.iter().copied().map(rule).collect()))];
    let whole =
        |port, handle| object([("port", number(port)), ("protocol", text("tcp")), ("handle", handle)]);
    let plan = bench.plan_thing(&Instance::new("toy_thing"), rules(&[80, 443])).await;
    let want = Raw::set(vec![whole(80, Raw::unknown()), whole(443, Raw::unknown())]);
    assert_eq!((plan.planned.get("rules"), plan.is_good()), (&want, true));
    let mut thing = bench.thing(rules(&[80, 443])).await;
    assert_eq!(bench.plan_thing(&thing, rules(&[443, 80])).await.action, Action::NoOp);
    let plan = bench.plan_thing(&thing, rules(&[443, 22])).await;
    let want = Raw::set(vec![whole(443, text("handle-443-1")), whole(22, Raw::unknown())]);
    assert_eq!((plan.planned.get("rules"), plan.is_good()), (&want, true));
    let (_, applied) = bench.converge(&mut thing, &thing_with(rules(&[443, 22]))).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
}

#[tokio::test]
async fn elements_of_a_list_are_known_by_their_place() {
    let bench = bench().await;
    let part = |label| object([("label", text(label))]);
    let whole = |label, serial| object([("label", text(label)), ("serial", serial)]);
    let mut thing = bench.thing([("parts", list([part("a"), part("b")]))]).await;
    let config = [("parts", list([part("a"), part("c"), part("d")]))];
    let plan = bench.plan_thing(&thing, config.clone()).await;
    let want = list([whole("a", text("serial-0")), whole("c", text("serial-1")), whole("d", Raw::unknown())]);
    assert_eq!((plan.planned.get("parts"), plan.is_good()), (&want, true));
    let (_, applied) = bench.converge(&mut thing, &thing_with(config)).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
}

#[tokio::test]
async fn a_set_with_an_element_more_is_a_fault() {
    let bench = bench().await;
    let rules = Raw::set(vec![object([("port", number(80))])]);
    let config = [("rules", rules), ("behave", text("plan_more_rules"))];
    let plan = bench.plan_thing(&Instance::new("toy_thing"), config).await;
    assert_eq!(in_words(&plan.diagnostics), ["error: rules: Provider planned what it may not"]);
}

#[tokio::test]
async fn what_terraform_would_refuse_is_told_as_a_fault_of_the_provider() {
    let bench = bench().await;
    let new = Instance::new("toy_thing");
    for (behave, want) in [
        ("plan_unconfigured", "error: notes: Provider planned what it may not"),
        ("plan_other", "error: size: Provider planned what it may not"),
        ("plan_members", "error: members: Provider planned what it may not"),
        ("plan_unknown_members", "error: members: Provider planned what it may not"),
    ] {
        let config = [("behave", text(behave)), ("size", number(2)), ("members", object([("m", member())]))];
        let plan = bench.plan_thing(&new, config).await;
        assert_eq!(in_words(&plan.diagnostics), [want], "{behave}");
    }
}

#[tokio::test]
async fn a_write_only_value_is_never_planned() {
    let bench = bench().await;
    let config = [("behave", text("plan_secret")), ("secret", text("s"))];
    let plan = bench.plan_thing(&Instance::new("toy_thing"), config).await;
    assert!(plan.is_good(), "{plan:?}");
    assert_eq!(plan.planned.get("secret"), &Raw::Null);
}

#[tokio::test]
async fn a_destroy_plan_is_null_and_passes_its_private_bytes() {
    let bench = bench().await;
    let thing = bench.thing([("behave", text("warn_at_destroy"))]).await;
    let plan = bench.plan_destroy(&thing).await.unwrap();
    assert_eq!(in_words(&plan.diagnostics), ["warning: Something stays"]);
    assert_eq!((plan.planned, plan.private.as_slice()), (Raw::Null, b"destroy".as_slice()));
    assert_eq!(plan.identity, thing.stored.unwrap().identity);
}

#[tokio::test]
async fn an_update_keeps_the_identity_and_a_create_may_not_know_it() {
    let bench = bench().await;
    let plan = bench.plan_thing(&Instance::new("toy_thing"), []).await;
    let unknown = object([("id", Raw::unknown())]);
    assert_eq!(plan.identity.unwrap().identity_data, Some(pack(&unknown)));
    let thing = bench.thing([]).await;
    let plan = bench.plan_thing(&thing, [("size", number(2))]).await;
    let known = object([("id", text("id-of-t"))]);
    assert_eq!(plan.identity.unwrap().identity_data, Some(pack(&known)));
    let mut thing = thing;
    let other =
        Some(pb::ResourceIdentityData { identity_data: Some(pack(&object([("id", text("other"))]))) });
    thing.stored.as_mut().unwrap().identity.clone_from(&other);
    assert_eq!(bench.plan_thing(&thing, [("size", number(2))]).await.identity, other);
}

#[tokio::test]
async fn a_plan_made_again_is_told_the_private_bytes_of_the_first() {
    let bench = bench().await;
    let config = thing_with([("behave", text("plan_first_private"))]);
    let mut thing = Instance::new("toy_thing");
    assert_eq!(bench.plan(&thing, &config).await.unwrap().private, b"first");
    let (_, applied) = bench.converge(&mut thing, &config).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    assert_eq!(thing.stored.unwrap().private, b"applied after again");
}

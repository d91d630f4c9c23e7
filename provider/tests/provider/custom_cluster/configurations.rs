//! What is said of a configuration before anybody is asked, each at its place.

use serde_json::json;
use testkit::protocol_client::in_words;

use super::{CP1, W1, World};

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_told_at_its_place_before_anybody_is_asked() {
    let world = World::new().await;
    let worker = |name: &str, address: &str| json!({ name: { "role": "worker", "address": address } });
    let both = json!({
        "cp1": { "role": "control_plane", "address": CP1 },
        "cp2": { "role": "control_plane", "address": W1 },
    });
    for (given, want) in [
        (json!({ "machines": worker("w1", W1) }), "machines: Cluster has no control plane"),
        (json!({ "machines": both }), "machines[\"cp2\"].role: Cluster has more than one control plane"),
        (json!({ "version": "1.34" }), "version: Not written as it must be"),
        (json!({ "version": "1.99.0" }), "version: Version of Kubernetes is not known"),
        (
            json!({ "network": { "cni": { "type": "weave" } } }),
            "network.cni.type: Not one of the possible values",
        ),
        (json!({ "network": { "cni": { "values": "- a" } } }), "network.cni.values: Not a mapping in YAML"),
        (
            json!({ "network": { "pod_cidrs": ["10.244.0.0/16", "fd00::/56"] } }),
            "network.pod_cidrs: Dual stack and IPv6 are not possible yet",
        ),
        (json!({ "network": { "pod_cidrs": ["10.96.0.0/16"] } }), "network.pod_cidrs: Ranges overlap"),
        (json!({ "kubelet": "{ a: [" }), "kubelet: Not a mapping in YAML"),
        (
            json!({ "control_plane": { "endpoint": "10.0.0.1" } }),
            "control_plane.endpoint: Not written as it must be",
        ),
        (json!({ "proxy": { "https": "http://u:p@proxy" } }), "proxy.https: Proxy cannot be used"),
        (json!({ "ssh": { "known_hosts": {} } }), "ssh.known_hosts: Known hosts need one place"),
    ] {
        let config = world.config_with(&[("w1", W1)], &given);
        let heard = world.client.validate("kurator_custom_cluster", &config).await.unwrap();
        assert_eq!(in_words(&heard), [format!("error: {want}")], "{given}");
    }
    let twice = world.config(&[("w1", W1), ("w2", W1)]);
    let heard = world.client.validate("kurator_custom_cluster", &twice).await.unwrap();
    assert_eq!(in_words(&heard), ["error: machines[\"w2\"].address: Two machines have one address"]);
    assert_eq!(world.site.machines.calls().len(), 0);
}

//! A real cluster, made by hand from what mirror and registry have.

use std::process::Command;

use anyhow::{Context as _, ensure};
use lab::lab::Lab;
use lab::machines::up::MachineOptions;
use serde_json::json;

use crate::options;

/// What somebody would type.
const BY_HAND: &str = include_str!("../../machines/by-hand.sh");

/// Two web servers on two nodes, and a client.
const WEB: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      containers:
      - name: web
        image: docker.io/lab/test:1
        command: [sh, -c, "mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: client, image: "docker.io/lab/test:1", command: [sleep, "3600"]}]
"#;

pub(crate) fn by_hand(lab: &Lab) -> anyhow::Result<()> {
    Lab::up_machines(&MachineOptions { dir: Some(lab.dir().to_owned()), count: 3, ..options() })?;
    let scratch = lab.dir().join("tmp");
    let (environment, script) = (scratch.join("environment.json"), scratch.join("by-hand.sh"));
    std::fs::write(&environment, serde_json::to_vec(&json!({"machines": lab.machines()?}))?)?;
    std::fs::write(&script, BY_HAND)?;
    let output = Command::new("bash").arg(&script).arg(&environment).args(["m1", "m2", "m3"]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("a cluster of three by hand, in seconds:\n{said}");
    let total = said.lines().find_map(|line| line.strip_prefix("total ")).context("no total")?;
    ensure!(total.parse::<f64>()? < 300.0, "it took {total} s");

    let kubectl = |arguments: &str| {
        let kubectl = "sudo -n /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";
        lab.on_machine("m1", "admin", &format!("{kubectl} {arguments}"))
    };
    ensure!(kubectl("get nodes -o name")? == "node/m1\nnode/m2\nnode/m3\n");
    kubectl(&format!("apply -f - <<'E'\n{WEB}\nE"))?;
    kubectl("rollout status deployment/web --timeout=120s")?;
    kubectl("-n kube-system rollout status deployment/coredns --timeout=120s")?;
    kubectl("wait pod/client --for=condition=Ready --timeout=120s")?;
    // By name, and until both have answered: they are on two nodes, and the client can be on only one.
    let ask =
        "for i in $(seq 40); do curl -sS -m 5 http://web.default.svc.cluster.local/; done | sort -u | wc -l";
    let servers = kubectl(&format!("exec client -- sh -c '{ask}'"))?;
    ensure!(servers.trim() == "2", "{servers} servers answered");
    Ok(())
}

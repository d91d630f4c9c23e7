//! What stands in the way of machines is found on real ones, all at once, and a look changes nothing.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::case::Case;
use crate::machines::footprint::Footprint;
use crate::machines::ground::{Ground, on_fresh_machines};
use crate::workspace::Workspace;

/// A machine, what is done to it, and what that is found as.
struct Provoked {
    node: &'static str,
    machine: &'static str,
    /// A script, run as root.
    by: &'static str,
    /// How it is undone.
    undone_by: &'static str,
    found: &'static [&'static str],
}

/// What is done on the machines themselves. Their kernel, its memory, clock and swap are this machine's: what is wrong with
/// those is provoked on recorded output.
const PROVOKED: [Provoked; 5] = [
    Provoked {
        node: "cp1",
        machine: "m1",
        by: "systemd-run -q --unit=squatter --socket-property=ListenStream=0.0.0.0:6443 true
             cp -P /etc/resolv.conf /var/tmp/resolv.conf; rm -f /etc/resolv.conf
             echo 'nameserver 127.0.0.1' > /etc/resolv.conf",
        undone_by: "systemctl stop squatter.socket; rm -f /etc/resolv.conf; mv /var/tmp/resolv.conf /etc/resolv.conf",
        found: &["ports", "resolver"],
    },
    Provoked {
        node: "w1",
        machine: "m2",
        by: "mkdir -p /etc/kurator
             printf 'kind=kurator_custom_cluster\\nname=other\\nowner=them\\nincarnation=1\\nphase=ready\\nmachine=x\\n' \
               > /etc/kurator/owner",
        undone_by: "rm -rf /etc/kurator",
        found: &["cluster"],
    },
    Provoked {
        node: "w2",
        machine: "m3",
        by: "iptables -I OUTPUT -p tcp --dport 6443 -j DROP; chmod -x \"$(command -v losetup)\"",
        undone_by: "iptables -D OUTPUT -p tcp --dport 6443 -j DROP; chmod +x /sbin/losetup",
        found: &["network", "tools"],
    },
    Provoked {
        node: "w3",
        machine: "m4",
        by: "mkdir -p /etc/kubernetes
             printf 'clusters:\\n- cluster:\\n    server: https://elsewhere:6443\\n' > /etc/kubernetes/kubelet.conf
             printf '#!/bin/sh\\necho containerd github.com/containerd/containerd v1.5.0 x\\n' > /usr/local/bin/containerd
             chmod +x /usr/local/bin/containerd",
        undone_by: "rm -rf /etc/kubernetes /usr/local/bin/containerd",
        found: &["cluster", "runtime"],
    },
    Provoked {
        node: "w4",
        machine: "m5",
        by: "useradd -m plain && install -d -o plain -m 700 /home/plain/.ssh
             install -o plain -m 600 /home/admin/.ssh/authorized_keys /home/plain/.ssh/authorized_keys",
        undone_by: "userdel -rf plain 2>&1",
        found: &["sudo"],
    },
];

/// What the configuration says wrongly of machines, and what that is found as: whoever is not where it is said to be is not
/// reached by the control plane, either.
const MISTAKEN: [(&str, &str); 4] =
    [("cp1", "network"), ("w5", "host_key"), ("w6", "reach"), ("w7", "identity")];

/// A fingerprint that no machine has.
const NOBODYS_KEY: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 7, |ground| {
        let workspace = Workspace::new(
            case.host,
            case.site.scratch(),
            &format!("{}-check", case.name),
            &case.site.provider,
        )?;
        workspace.take("machine_check")?;
        let mut machines = healthy(ground)?;
        look(ground, &workspace, &machines)?;
        ensure!(output(&workspace, "ok")? == json!(true), "{}", output(&workspace, "found")?);
        for provoked in &PROVOKED {
            ground
                .on(provoked.machine, provoked.by)
                .with_context(|| format!("{} is spoilt", provoked.node))?;
        }
        machines["w4"]["ssh"] = json!({ "user": "plain" });
        machines["w5"]["ssh"] = json!({ "host_key": NOBODYS_KEY });
        machines["w6"] = json!({ "role": "worker", "address": nobody(ground) });
        machines["w7"]["private_ip"] = json!("10.1.2.3");
        let before = Footprint::of(ground, "m4")?;
        look(ground, &workspace, &machines)?;
        before.holds(ground).context("a look changes nothing")?;
        is_found(&workspace)?;
        for provoked in &PROVOKED {
            ground.on(provoked.machine, provoked.undone_by)?;
        }
        look(ground, &workspace, &healthy(ground)?)?;
        ensure!(output(&workspace, "ok")? == json!(true), "{}", output(&workspace, "found")?);
        Ok(())
    })
}

/// An address in the lab's subnet that no machine has.
fn nobody(ground: &Ground<'_>) -> Ipv4Addr {
    let [a, b, c, _] = ground.machines.gateway.octets();
    Ipv4Addr::new(a, b, c, 250)
}

/// All machines as they should be.
fn healthy(ground: &Ground<'_>) -> anyhow::Result<Value> {
    let mut machines = json!({});
    for (number, node) in ["cp1", "w1", "w2", "w3", "w4", "w5", "w7"].iter().enumerate() {
        let role = if number == 0 { "control_plane" } else { "worker" };
        let address = ground.address(&format!("m{}", number + 1))?;
        machines[node] = json!({ "role": role, "address": address });
    }
    Ok(machines)
}

fn look(ground: &Ground<'_>, workspace: &Workspace, machines: &Value) -> anyhow::Result<()> {
    workspace.variables(&json!({
        "kubernetes": ground.services()?.versions.kubernetes,
        "key": ground.machines.key,
        "known_hosts": ground.machines.known_hosts,
        "machines": machines,
    }))?;
    workspace.apply().map(drop)
}

fn output(workspace: &Workspace, name: &str) -> anyhow::Result<Value> {
    Ok(workspace.state()?["outputs"][name]["value"].clone())
}

/// Every provoked finding is told as an error of its machine, and no other machine has one.
fn is_found(workspace: &Workspace) -> anyhow::Result<()> {
    ensure!(output(workspace, "ok")? == json!(false), "nothing was in the way");
    let found = output(workspace, "found")?;
    let lines: Vec<&str> = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let told: BTreeSet<String> = lines
        .iter()
        .filter_map(|line| Some(line.strip_prefix("error ")?.split(':').next()?.to_owned()))
        .collect();
    let wanted: BTreeSet<String> = PROVOKED
        .iter()
        .flat_map(|provoked| provoked.found.iter().map(|check| format!("{} {check}", provoked.node)))
        .chain(MISTAKEN.iter().map(|(node, check)| format!("{node} {check}")))
        .collect();
    ensure!(told == wanted, "wanted {wanted:?}, found:\n{}", lines.join("\n"));
    Ok(())
}

//! Each fault has its effect, and healing takes it away.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use lab::cluster::probe_client;
use lab::fault::Fault;
use lab::lab::Lab;

use crate::workloads::{client, run, uid};

/// Asks the cluster, with a client that gives up after some seconds.
fn ask(lab: &Lab, name: &str) -> anyhow::Result<String> {
    run(async { uid(&probe_client(&lab.kubeconfig(Some(name))?).await?).await })
}

fn port(lab: &Lab, part: &str) -> anyhow::Result<u16> {
    let status = lab.status()?;
    let part = status.iter().find(|one| one.name == part).context("no such part")?;
    part.ports.first().copied().context("no port")
}

fn state(lab: &Lab, part: &str) -> anyhow::Result<String> {
    let status = lab.status()?;
    Ok(status.into_iter().find(|one| one.name == part).context("no such part")?.state)
}

pub(crate) fn kill(lab: &Lab) -> anyhow::Result<()> {
    let before = ask(lab, "edge")?;
    lab.fault("edge", Fault::Kill)?;
    ensure!(state(lab, "edge-apiserver")? == "dead");
    let begun = Instant::now();
    ensure!(ask(lab, "edge").is_err(), "a killed cluster answers");
    ensure!(begun.elapsed() < Duration::from_secs(1), "a killed cluster keeps clients waiting");
    ensure!(ask(lab, "hub").is_ok(), "the other cluster is away too");
    lab.fault("edge", Fault::Heal)?;
    ensure!(ask(lab, "edge")? == before, "another cluster came back");
    Ok(())
}

pub(crate) fn freeze(lab: &Lab) -> anyhow::Result<()> {
    lab.fault("edge", Fault::Freeze)?;
    ensure!(state(lab, "edge-apiserver")? == "frozen");
    let begun = Instant::now();
    ensure!(ask(lab, "edge").is_err(), "a frozen cluster answers");
    ensure!(begun.elapsed() > Duration::from_secs(2), "a frozen cluster does not keep clients waiting");
    lab.fault("edge", Fault::Heal)?;
    ask(lab, "edge").map(drop)
}

pub(crate) fn refuse(lab: &Lab) -> anyhow::Result<()> {
    let port = port(lab, "edge-proxy")?;
    let open = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    lab.fault("edge", Fault::Refuse)?;
    ensure!(state(lab, "edge-proxy")? == "refusing");
    match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
        Err(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused => {}
        other => bail!("not refused: {other:?}"),
    }
    open.set_read_timeout(Some(Duration::from_secs(2)))?;
    match std::io::Read::read(&mut &open, &mut [0]) {
        Err(cause) if cause.kind() == std::io::ErrorKind::ConnectionReset => {}
        other => bail!("the open connection was not broken: {other:?}"),
    }
    lab.fault("edge", Fault::Heal)?;
    ask(lab, "edge").map(drop)
}

pub(crate) fn slow(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        let client = client(lab, "edge").await?;
        uid(&client).await?;
        lab.fault("edge", Fault::Slow(Duration::from_millis(400)))?;
        // The connection is open already: one piece goes out, and it is held back once.
        let begun = Instant::now();
        uid(&client).await?;
        ensure!(begun.elapsed() >= Duration::from_millis(400), "not slow: {:?}", begun.elapsed());
        lab.fault("edge", Fault::Heal)?;
        let begun = Instant::now();
        uid(&client).await?;
        ensure!(begun.elapsed() < Duration::from_millis(400), "still slow: {:?}", begun.elapsed());
        Ok(())
    })
}

/// The status that the cluster refuses with.
fn refusal(lab: &Lab, name: &str) -> anyhow::Result<u16> {
    match ask(lab, name).map_err(anyhow::Error::downcast::<kube::Error>) {
        Err(Ok(kube::Error::Api(status))) => Ok(status.code),
        other => bail!("not refused: {other:?}"),
    }
}

pub(crate) fn denials(lab: &Lab) -> anyhow::Result<()> {
    for (fault, said, code) in
        [(Fault::Unauthorized, "answering 401", 401), (Fault::Forbidden, "answering 403", 403)]
    {
        lab.fault("edge", fault)?;
        ensure!(state(lab, "edge-proxy")? == said);
        ensure!(refusal(lab, "edge")? == code);
        ensure!(ask(lab, "hub").is_ok(), "the other cluster refuses too");
    }
    lab.fault("edge", Fault::Heal)?;
    ask(lab, "edge").map(drop)
}

pub(crate) fn swap(lab: &Lab) -> anyhow::Result<()> {
    let hub = ask(lab, "hub")?;
    run(async {
        let client = client(lab, "edge").await?;
        let edge = uid(&client).await?;
        lab.fault("edge", Fault::Swap("hub".to_owned()))?;
        ensure!(state(lab, "edge-proxy")? == "leading to hub");
        // Also on the connection that is open already.
        ensure!(uid(&client).await? == hub, "the cluster at this address is still the same");
        lab.fault("edge", Fault::Heal)?;
        ensure!(uid(&client).await? == edge, "the cluster at this address is still another");
        Ok(())
    })?;
    ensure!(lab.fault("edge", Fault::Swap("nobody".to_owned())).is_err(), "there is no such cluster");
    Ok(())
}

pub(crate) fn parts(lab: &Lab) -> anyhow::Result<()> {
    lab.fault("flux-source", Fault::Kill)?;
    lab.fault("etcd", Fault::Freeze)?;
    ensure!(state(lab, "flux-source")? == "dead");
    ensure!(state(lab, "etcd")? == "frozen");
    lab.fault("etcd", Fault::Heal)?;
    lab.fault("flux-source", Fault::Heal)?;
    ensure!(state(lab, "flux-source")? == "running");
    ensure!(lab.fault("git", Fault::Refuse).is_err(), "a part cannot refuse");
    ensure!(lab.fault("nobody", Fault::Kill).is_err(), "there is no such part");
    Ok(())
}

pub(crate) fn last_lines(lab: &Lab) -> anyhow::Result<()> {
    let port = port(lab, "registry")?;
    lab.fault("registry", Fault::Kill)?;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let error = match lab.fault("registry", Fault::Heal) {
        Ok(()) => bail!("it came up on a port that is taken"),
        Err(error) => format!("{error:#}"),
    };
    ensure!(error.contains("registry did not come up"), "{error}");
    ensure!(error.contains("address already in use"), "the log is not in the error: {error}");
    drop(taken);
    lab.fault("registry", Fault::Heal)
}

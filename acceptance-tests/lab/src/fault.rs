//! Faults, as verbs.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::Signal;

use crate::lab::Lab;
use crate::parts::control::{self, Ask, Mode};
use crate::process::{Condition, Identity};
use crate::runtime::block_on;
use crate::specs::api_server_name;
use crate::state::{Lock, State};
use crate::status::{Target, parts_of};
use crate::up::Raising;
use crate::wait::{Look, until};

/// What `slow` means if no time is given.
const SLOW: Duration = Duration::from_secs(2);

/// Something that goes wrong with a cluster or a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process is killed. For a cluster: its API server.
    Kill,
    /// The process is stopped: connections are accepted, and nothing answers.
    Freeze,
    /// The cluster's port refuses connections, and those there are break.
    Refuse,
    /// Each request to the cluster is held back for so long.
    Slow(Duration),
    /// Each request to the cluster is answered with 401.
    Unauthorized,
    /// Each request to the cluster is answered with 403.
    Forbidden,
    /// Another cluster of the lab, with this name, answers at the cluster's address, under its certificate: to the
    /// administrator of this one as to its own, to anybody else's token with 401.
    Swap(String),
    /// All of the above is over: what is dead runs again, what is frozen goes on.
    Heal,
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    /// Reads `kill`, `freeze`, `refuse`, `slow`, `slow=500ms`, `slow=2s`, `unauthorized`, `forbidden`, `swap=CLUSTER`
    /// or `heal`.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text.split_once('=') {
            None if text == "kill" => Self::Kill,
            None if text == "freeze" => Self::Freeze,
            None if text == "refuse" => Self::Refuse,
            None if text == "slow" => Self::Slow(SLOW),
            None if text == "unauthorized" => Self::Unauthorized,
            None if text == "forbidden" => Self::Forbidden,
            None if text == "heal" => Self::Heal,
            Some(("slow", delay)) => Self::Slow(parse_delay(delay)?),
            Some(("swap", cluster)) if !cluster.is_empty() => Self::Swap(cluster.to_owned()),
            _ => bail!(
                "no fault is called {text}; there are kill, freeze, refuse, slow, slow=2s, unauthorized, forbidden, \
                 swap=CLUSTER and heal"
            ),
        })
    }
}

fn parse_delay(text: &str) -> anyhow::Result<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis(1)),
        None => (text.strip_suffix('s').unwrap_or(text), Duration::from_secs(1)),
    };
    let number: u32 =
        number.parse().with_context(|| format!("reading the delay {text}: want 500ms or 2s"))?;
    Ok(unit * number)
}

impl Lab {
    /// Puts a fault on a cluster (`edge`) or a part (`flux-source`, `etcd`), or takes it away.
    ///
    /// When it returns, the fault has its effect; after [`Fault::Heal`], the target is up.
    ///
    /// # Errors
    ///
    /// No such target; a part that is no cluster can only be killed, frozen and healed; it does not come up again.
    pub fn fault(&self, target: &str, fault: Fault) -> anyhow::Result<()> {
        let _lock = Lock::take(self.layout.root())?;
        let state = State::of(&self.layout)?;
        let target = parts_of(&state, target)?;
        match fault {
            Fault::Kill => {
                let process = process(&state, &target)?;
                process.end(Signal::KILL, Duration::ZERO)
            }
            Fault::Freeze => freeze(process(&state, &target)?),
            Fault::Refuse => self.tell(&target, Mode::Refuse),
            Fault::Unauthorized => self.tell(&target, Mode::Unauthorized),
            Fault::Forbidden => self.tell(&target, Mode::Forbidden),
            Fault::Swap(cluster) => {
                self.check_cluster(&cluster)?;
                let upstream = *state
                    .ports
                    .get(&api_server_name(&cluster))
                    .with_context(|| format!("{cluster} was never started"))?;
                let pki = self.layout.pki(&cluster);
                self.tell(&target, Mode::Swap { cluster, upstream, pki })
            }
            Fault::Slow(delay) => {
                let delay_ms = delay.as_millis().try_into().context("a delay that long")?;
                self.tell(&target, Mode::Slow { delay_ms })
            }
            Fault::Heal => self.mend(&target),
        }
    }

    fn tell(&self, target: &Target, mode: Mode) -> anyhow::Result<()> {
        match target {
            Target::Cluster { cluster, .. } => {
                block_on(control::ask(&self.layout.proxy_control(cluster), &Ask::SetMode(mode))).map(drop)
            }
            Target::Part(name) => bail!("{name} is a part: it can only be killed, frozen and healed"),
        }
    }

    fn mend(&self, target: &Target) -> anyhow::Result<()> {
        let mut raising = Raising::of(&self.layout, self.progress.clone())?;
        let names = match target {
            Target::Cluster { api_server, proxy, .. } => vec![api_server, proxy],
            Target::Part(name) => vec![name],
        };
        let specs: Vec<_> = names
            .iter()
            .filter_map(|name| raising.state.parts.get(*name))
            .map(|part| part.spec.clone())
            .collect();
        raising.ensure_all(&specs)?;
        match target {
            Target::Cluster { cluster, .. } => {
                block_on(control::ask(&self.layout.proxy_control(cluster), &Ask::LiftCuts))?;
                self.tell(target, Mode::Pass)
            }
            Target::Part(_) => Ok(()),
        }
    }
}

/// Stops a process and waits until its last thread stands.
fn freeze(process: Identity) -> anyhow::Result<()> {
    process.signal(Signal::STOP)?;
    block_on(until("freezing", Duration::from_secs(10), async || {
        Ok(match (process.wholly_frozen(), process.condition()) {
            (true, _) => Look::Ready(()),
            (false, Condition::Dead) => bail!("it is dead"),
            (false, condition) => Look::Pending(format!("{condition:?}")),
        })
    }))
}

/// Gives the process that is killed or frozen.
fn process(state: &State, target: &Target) -> anyhow::Result<Identity> {
    let name = match target {
        Target::Cluster { api_server, .. } => api_server,
        Target::Part(name) => name,
    };
    let part = state.parts.get(name).with_context(|| format!("{name} was never started"))?;
    part.process.with_context(|| format!("{name} was never started"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_has_a_unit_and_a_default() {
        let read = |text: &str| text.parse::<Fault>().unwrap();
        assert_eq!(read("slow"), Fault::Slow(Duration::from_secs(2)));
        assert_eq!(read("slow=250ms"), Fault::Slow(Duration::from_millis(250)));
        assert_eq!(read("slow=3s"), Fault::Slow(Duration::from_secs(3)));
        assert_eq!(read("heal"), Fault::Heal);
        assert_eq!(read("swap=hub"), Fault::Swap("hub".to_owned()));
        assert!("swap=".parse::<Fault>().is_err());
        assert!("explode".parse::<Fault>().is_err());
        assert!("slow=soon".parse::<Fault>().is_err());
    }
}

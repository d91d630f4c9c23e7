//! What can happen to a machine, and what others see of it.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{bail, ensure};
use lab::lab::Lab;
use lab::machines::fault::MachineFault;

/// What somebody gets who connects to sshd.
#[derive(Debug, PartialEq, Eq)]
enum Greeting {
    /// Its greeting.
    Given,
    /// A connection, and silence.
    Withheld,
    /// Not even a connection.
    Unreachable,
}

fn greeting(lab: &Lab) -> anyhow::Result<Greeting> {
    let address = SocketAddr::from((lab.machines()?.hosts["m1"], 22));
    let patience = Duration::from_millis(1500);
    let Ok(mut stream) = TcpStream::connect_timeout(&address, patience) else {
        return Ok(Greeting::Unreachable);
    };
    stream.set_read_timeout(Some(patience))?;
    let mut begin = [0; 4];
    Ok(match stream.read_exact(&mut begin) {
        Ok(()) if &begin == b"SSH-" => Greeting::Given,
        Ok(()) => bail!("it greets with {begin:?}"),
        Err(_) => Greeting::Withheld,
    })
}

fn expect(lab: &Lab, wanted: &Greeting) -> anyhow::Result<()> {
    let seen = greeting(lab)?;
    ensure!(seen == *wanted, "{seen:?} instead of {wanted:?}");
    Ok(())
}

pub(crate) fn partition(lab: &Lab) -> anyhow::Result<()> {
    expect(lab, &Greeting::Given)?;
    lab.machine_fault("m1", MachineFault::Partition)?;
    expect(lab, &Greeting::Unreachable)?;
    lab.machine_fault("m1", MachineFault::Heal)?;
    expect(lab, &Greeting::Given)
}

pub(crate) fn freeze(lab: &Lab) -> anyhow::Result<()> {
    lab.machine_fault("m1", MachineFault::Freeze)?;
    expect(lab, &Greeting::Withheld)?;
    lab.machine_fault("m1", MachineFault::Thaw)?;
    expect(lab, &Greeting::Given)
}

pub(crate) fn power(lab: &Lab) -> anyhow::Result<()> {
    let prepare = "echo kept | tee /opt/a /var/b >/dev/null; touch /run/c; iptables -A INPUT -p tcp --dport 9 -j DROP; sync";
    lab.on_machine("m1", "root", prepare)?;
    lab.machine_fault("m1", MachineFault::PowerOff)?;
    expect(lab, &Greeting::Unreachable)?;
    ensure!(lab.machine_fault("m1", MachineFault::Freeze).is_err(), "a machine that is off was frozen");
    lab.machine_fault("m1", MachineFault::PowerOn)?;
    let found =
        lab.on_machine("m1", "root", "cat /opt/a /var/b; ls /run/c 2>/dev/null; iptables -S INPUT")?;
    ensure!(found == "kept\nkept\n-P INPUT ACCEPT\n", "{found}");
    Ok(())
}

pub(crate) fn reboot(lab: &Lab) -> anyhow::Result<()> {
    let orderly =
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\nExecStop=touch /opt/orderly\n";
    let unit = "/etc/systemd/system/last.service";
    lab.on_machine(
        "m1",
        "root",
        &format!("printf '{orderly}' > {unit}; systemctl start last; touch /run/c"),
    )?;
    lab.machine_fault("m1", MachineFault::Reboot)?;
    let found = lab.on_machine("m1", "root", "ls /opt/orderly /run/c 2>/dev/null; true")?;
    ensure!(found == "/opt/orderly\n", "{found}");
    Ok(())
}

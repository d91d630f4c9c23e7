//! The disk of a machine: it is made once and outlives power cuts.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::files::private_dir;
use crate::layout::Layout;
use crate::machines::layout::{MachineLayout, key, known_hosts};
use crate::machines::shell::run;

/// The user `admin` of the base, the first that was made in it.
const ADMIN: u32 = 1000;

/// Makes the key that opens all machines, unless it is there.
pub(crate) fn ensure_key(layout: &Layout) -> anyhow::Result<()> {
    let key = key(layout);
    private_dir(&layout.root().join("ssh"))?;
    if key.exists() {
        return Ok(());
    }
    generate_key(&key, "lab")
}

fn generate_key(file: &Path, comment: &str) -> anyhow::Result<()> {
    let file = file.display().to_string();
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", &file]).map(drop)
}

/// Makes the disk of a machine unless it has one, and mounts it unless it is mounted.
///
/// # Errors
///
/// A file cannot be written, or the kernel refuses the mount: it does if the lab's folder is itself on an overlay.
pub(crate) fn ensure(layout: &Layout, base: &Path, name: &str, address: Ipv4Addr) -> anyhow::Result<()> {
    let machine = MachineLayout::new(layout, name);
    let fresh = !machine.var().exists();
    for folder in [machine.disk(), machine.upper(), machine.work()] {
        private_dir(&folder)?;
    }
    if fresh {
        // The upper folder becomes `/`, which everybody on the machine must be able to enter.
        fs::set_permissions(machine.upper(), fs::Permissions::from_mode(0o755))
            .context("opening the root folder")?;
    }
    mount(&machine, base, name)?;
    if fresh {
        fill(layout, &machine, base, name, address).with_context(|| format!("furnishing {name}"))?;
    }
    Ok(())
}

fn mount(machine: &MachineLayout, base: &Path, name: &str) -> anyhow::Result<()> {
    if !mounts_below(&machine.disk())?.is_empty() {
        return Ok(());
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        base.display(),
        machine.upper().display(),
        machine.work().display()
    );
    let point = machine.disk().display().to_string();
    run("mount", ["-t", "overlay", &format!("lab-{name}"), "-o", &options, &point]).map(drop)
}

fn fill(
    layout: &Layout,
    machine: &MachineLayout,
    base: &Path,
    name: &str,
    address: Ipv4Addr,
) -> anyhow::Result<()> {
    let disk = machine.disk();
    let public = fs::read_to_string(key(layout).with_extension("pub")).context("reading the lab's key")?;
    authorize(&disk.join("root"), &public, 0)?;
    authorize(&disk.join("home/admin"), &public, ADMIN)?;
    let put = |file: &str, content: String| {
        fs::write(disk.join(file), content).with_context(|| format!("writing {file}"))
    };
    put("etc/hostname", format!("{name}\n"))?;
    put("etc/hosts", format!("127.0.0.1 localhost\n{address} {name}\n"))?;
    put("etc/machine-id", format!("{}\n", uuid::Uuid::new_v4().simple()))?;
    // The bridge's address, where no resolver is: a name is not found at once instead of after a long wait.
    let gateway = Ipv4Addr::from([address.octets()[0], address.octets()[1], address.octets()[2], 1]);
    put("etc/resolv.conf", format!("nameserver {gateway}\n"))?;
    let host_key = disk.join("etc/ssh/ssh_host_ed25519_key");
    // One that is there is from an attempt that was ended in the middle.
    let _ = fs::remove_file(&host_key);
    generate_key(&host_key, &format!("root@{name}"))?;
    remember(layout, address, &host_key.with_extension("pub"))?;
    // Last: that it is there says that the disk is complete. The name is a new one until then.
    let beside = machine.var().with_extension("new");
    if beside.exists() {
        fs::remove_dir_all(&beside).context("removing half a copy")?;
    }
    let from = base.join("var").display().to_string();
    run("cp", ["-a", &from, &beside.display().to_string()])?;
    fs::rename(&beside, machine.var()).context("putting /var in place")
}

fn authorize(home: &Path, public: &str, user: u32) -> anyhow::Result<()> {
    let folder = home.join(".ssh");
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o700).create(&folder).context("making .ssh")?;
    }
    let file = folder.join("authorized_keys");
    fs::write(&file, public).context("writing authorized_keys")?;
    for path in [&folder, &file] {
        chown(path, Some(user), Some(user)).with_context(|| format!("giving away {}", path.display()))?;
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).context("closing authorized_keys")
}

/// Writes a machine's host key into `known_hosts`, instead of one that stands there for its address.
pub(crate) fn remember(layout: &Layout, address: Ipv4Addr, public: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(public).context("reading a host key")?;
    let mut words = text.split_whitespace();
    let (Some(kind), Some(key)) = (words.next(), words.next()) else {
        bail!("{}: not a public key", public.display());
    };
    let file = known_hosts(layout);
    let known = fs::read_to_string(&file).unwrap_or_default();
    let others = known.lines().filter(|line| !line.starts_with(&format!("{address} ")));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    lines.push(format!("{address} {kind} {key}"));
    crate::files::write_private(&file, lines.join("\n") + "\n")
}

/// Takes the disk of a machine out of the tree of this machine's files; what is on it stays.
///
/// # Errors
///
/// Something is still mounted afterwards.
pub(crate) fn unmount(machine: &MachineLayout) -> anyhow::Result<()> {
    // The deepest first.
    for point in mounts_below(&machine.disk())?.iter().rev() {
        run("umount", [point])?;
    }
    Ok(())
}

/// Lists the mount points at and below `folder`, those above others first.
///
/// # Errors
///
/// `/proc` cannot be read.
pub(crate) fn mounts_below(folder: &Path) -> anyhow::Result<Vec<String>> {
    let table = fs::read_to_string("/proc/self/mounts").context("reading the table of mounts")?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(1));
    Ok(points.filter(|point| Path::new(point).starts_with(folder)).map(str::to_owned).collect())
}

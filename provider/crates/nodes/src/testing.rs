//! A stand-in for a machine: a directory, and programs that write down how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use domain::machine::{
    Arch, CgroupFacts, CgroupVersion, ClockOffset, MachineFacts, MachineMark, OsFacts, RuntimeFacts,
};
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;
use domain::node::{NodeSpec, Role};
use domain::node_setup::{NetworkSpec, NodeSetup};
use domain::version::KubernetesVersion;

use crate::answer::Answer;
use crate::script::Script;

/// Programs of the real machine that scripts may use in tests: they only touch what they are given.
const REAL: [&str; 43] = [
    "awk",
    "base64",
    "bash",
    "basename",
    "cat",
    "chmod",
    "chown",
    "cmp",
    "comm",
    "cp",
    "curl",
    "cut",
    "date",
    "df",
    "dirname",
    "env",
    "find",
    "flock",
    "getconf",
    "grep",
    "gzip",
    "head",
    "id",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "sed",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "tail",
    "tar",
    "timeout",
    "touch",
    "tr",
    "true",
    "uname",
    "wc",
];

/// Programs that would change the machine that runs the tests: they only write down how they were called.
const FAKES: [&str; 19] = [
    "ctr",
    "getenforce",
    "ip",
    "ip6tables-restore",
    "ip6tables-save",
    "iptables",
    "iptables-restore",
    "iptables-save",
    "kubeadm",
    "kubectl",
    "modprobe",
    "mount",
    "nft",
    "swapoff",
    "swapon",
    "sysctl",
    "systemctl",
    "systemd-run",
    "umount",
];

/// A stand-in for a machine.
pub(crate) struct Machine {
    directory: tempfile::TempDir,
}

/// What came of a script.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Its answer; a failure fails the test.
    pub(crate) fn succeeded(self) -> Answer {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        Answer::read(&self.stdout)
    }

    /// Its answer; a success fails the test.
    pub(crate) fn failed(self) -> Answer {
        assert_ne!(self.code, 0, "stdout:\n{}", self.stdout);
        Answer::read(&self.stdout)
    }
}

impl Machine {
    /// An empty machine, whose special programs succeed and say nothing.
    pub(crate) fn new() -> Self {
        let machine = Self { directory: tempfile::tempdir().unwrap() };
        let programs = machine.path("/programs");
        fs::create_dir(&programs).unwrap();
        for directory in
            ["/etc", "/var/lib", "/var/log", "/run", "/opt", "/usr/local/bin", "/usr/local/sbin", "/root"]
        {
            fs::create_dir_all(machine.path(directory)).unwrap();
        }
        for name in REAL {
            let found =
                ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].iter().map(|dir| Path::new(dir).join(name));
            if let Some(real) = found.into_iter().find(|path| path.exists()) {
                symlink(real, programs.join(name)).unwrap();
            }
        }
        for name in FAKES {
            machine.fake(name, "");
        }
        machine
    }

    /// Makes a program do `body` after writing down how it was called. `$ROOT` is the machine's directory.
    pub(crate) fn fake(&self, name: &str, body: &str) {
        let text = format!(
            "#!/bin/sh\nROOT='{root}'\nPATH=$ROOT/programs\nprintf '%s\\n' \"{name} $*\" \
                 >>\"$ROOT/calls\"\n{body}\n",
            root = self.root()
        );
        let path = self.path("/programs").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn root(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o777
    }

    /// Every call of a fake so far, without the machine's directory.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("/calls")).unwrap_or_default();
        calls.lines().map(|line| line.replace(self.root(), "")).collect()
    }

    pub(crate) fn forget_calls(&self) {
        let _ = fs::remove_file(self.path("/calls"));
    }

    /// Every file and directory below the root but the stand-in's own, with its content.
    pub(crate) fn tree(&self) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        let mut left = vec![self.directory.path().to_owned()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("/{}", path.strip_prefix(self.directory.path()).unwrap().display());
                if name == "/programs" || name == "/calls" {
                    continue;
                }
                if path.is_dir() {
                    tree.insert(format!("{name}/"), String::new());
                    left.push(path);
                } else {
                    tree.insert(name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
                }
            }
        }
        tree
    }

    /// Runs a script as it would run on a machine, but below the root.
    pub(crate) fn run(&self, script: &Script) -> Run {
        run_text(&script.render_below(self.root()))
    }
}

/// Runs a script's text as a machine would.
pub(crate) fn run_text(text: &str) -> Run {
    let mut child = Command::new("/bin/sh")
        .arg("-s")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A shell that stops reading early is what some tests are about.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn mark(machine: &str) -> MachineMark {
    MachineMark {
        mark: Mark {
            kind: "kurator_custom_cluster".into(),
            name: "factory".into(),
            owner: "default".into(),
            incarnation: Incarnation::new("0001"),
            phase: Phase::Creating,
        },
        machine: machine.into(),
    }
}

pub(crate) fn setup() -> NodeSetup {
    NodeSetup::new(
        name("factory"),
        KubernetesVersion::parse("1.34.4").unwrap(),
        NetworkSpec {
            pod_cidrs: vec!["10.244.0.0/16".parse().unwrap()],
            service_cidrs: vec!["10.96.0.0/12".parse().unwrap()],
            dns_domain: "cluster.local".into(),
        },
    )
}

pub(crate) fn node(machine: &str, role: Role, ip: &str) -> NodeSpec {
    NodeSpec { name: name(machine), role, ip: ip.parse().unwrap(), labels: BTreeMap::new(), taints: None }
}

/// A machine that nothing is to be said against.
pub(crate) fn facts(ip: &str) -> MachineFacts {
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.split_whitespace().map(str::to_owned).collect()
    };
    MachineFacts {
        uid: 0,
        os: OsFacts {
            id: "debian".into(),
            like: Vec::new(),
            version: "12".into(),
            pretty: "Debian GNU/Linux 12 (bookworm)".into(),
            selinux: None,
            systemd: true,
        },
        machine: "x86_64".into(),
        kernel: "6.1.0-18-cloud-amd64".into(),
        missing_features: words(""),
        cgroup: CgroupFacts {
            version: CgroupVersion::V2,
            controllers: words("cpuset cpu io memory hugetlb pids"),
        },
        memory_mib: 4_000,
        cpus: 2,
        free_mib: crate::sizes::free_mib(Role::ControlPlane)
            .iter()
            .map(|(path, _)| ((*path).to_owned(), 20_000))
            .collect(),
        swap: Vec::new(),
        clock: Some(ClockOffset { least_ms: -20, most_ms: 30 }),
        hostname: "host".into(),
        machine_id: format!("id-of-{ip}"),
        addresses: [ip.parse().unwrap()].into(),
        default_address: Some(ip.parse().unwrap()),
        listeners: [].into(),
        nameservers: vec!["10.0.0.53".into()],
        resolved: false,
        tools: words("base64 bash cp curl gzip ip iptables losetup mount nsenter systemd-run tar"),
        runtime: RuntimeFacts::default(),
        mark: None,
        membership: domain::machine::MembershipFacts::default(),
        preparation: None,
        installed: BTreeMap::new(),
        prepared: BTreeMap::new(),
        altered: words(""),
    }
}

/// The machine's facts with somebody else's containerd of `version` on it.
pub(crate) fn with_containerd(mut facts: MachineFacts, version: &str) -> MachineFacts {
    let program =
        |path: &str| domain::machine::Program { path: path.into(), version: version.into(), ours: false };
    facts.runtime.containerd = Some(program("/usr/bin/containerd"));
    facts.runtime.runc = Some(program("/usr/sbin/runc"));
    facts
}

pub(crate) const ARCH: Arch = Arch::Amd64;

//! containerd's configuration, in the version that the installed containerd reads.

use domain::node_setup::NodeSetup;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::yaml::{Plain, mapping, merge};

/// What stands for the sandbox image, which the machine's kubeadm names.
const SANDBOX_IMAGE: &str = "@SANDBOX_IMAGE@";

/// Generations of containerd, by the version of their configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// 1.7: `version = 2`.
    One,
    /// 2.x: `version = 3`.
    Two,
}

impl Generation {
    /// The generation of a version, as in `2.4.2`; none for one that is too old or not readable.
    pub fn of(version: &str) -> Option<Self> {
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        match (major, minor) {
            (0, _) | (1, ..7) => None,
            (1, _) => Some(Self::One),
            _ => Some(Self::Two),
        }
    }

    /// The number in the configuration's first line.
    pub fn config_version(self) -> u8 {
        match self {
            Self::One => 2,
            Self::Two => 3,
        }
    }
}

/// The whole configuration, or a drop-in of it: what Kubernetes needs, with the user's fields over it.
///
/// `runc` is the path of the runc that we installed; none leaves the choice to containerd.
///
/// # Errors
///
/// [`Problem`] for fields of the user's that are no mapping or have no form in TOML.
pub fn config(setup: &NodeSetup, generation: Generation, runc: Option<&str>) -> Result<String, Problem> {
    let attribute = "containerd.extra_config";
    let mut options = json!({ "SystemdCgroup": true });
    if let (Some(path), Value::Object(fields)) = (runc, &mut options) {
        fields.insert("BinaryName".to_owned(), path.into());
    }
    let runtimes = json!({ "runc": { "runtime_type": "io.containerd.runc.v2", "options": options } });
    let registry = json!({ "config_path": "/etc/containerd/certs.d" });
    let plugins = match generation {
        Generation::One => json!({
            "io.containerd.grpc.v1.cri": {
                "sandbox_image": SANDBOX_IMAGE,
                "registry": registry,
                "containerd": { "runtimes": runtimes },
            },
        }),
        Generation::Two => json!({
            "io.containerd.cri.v1.images": {
                "pinned_images": { "sandbox": SANDBOX_IMAGE },
                "registry": registry,
            },
            "io.containerd.cri.v1.runtime": {
                "containerd": { "runtimes": runtimes },
            },
        }),
    };
    let Value::Object(mut fields) = json!({ "version": generation.config_version(), "plugins": plugins })
    else {
        unreachable!("the literal above is a mapping")
    };
    merge(&mut fields, mapping(setup.containerd.as_ref(), attribute)?);
    let text = toml::to_string(&Plain(&Value::Object(fields)))
        .map_err(|error| Problem::Unwritable { attribute, reason: error.to_string() })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use domain::node_setup::YamlText;

    use super::*;
    use crate::testing;

    #[test]
    fn versions_have_their_generation_and_old_ones_have_none() {
        assert_eq!(Generation::of("1.6.20~ds1"), None);
        assert_eq!(Generation::of("1.7.24"), Some(Generation::One));
        assert_eq!(Generation::of("2.4.2"), Some(Generation::Two));
        assert_eq!(Generation::of(""), None);
    }

    #[test]
    fn both_generations_say_the_same_in_their_own_words() {
        let setup = testing::setup();
        insta::assert_snapshot!(
            "version_3",
            config(&setup, Generation::Two, Some("/usr/local/sbin/runc")).unwrap()
        );
        insta::assert_snapshot!("version_2", config(&setup, Generation::One, None).unwrap());
    }

    #[test]
    fn a_sites_own_fields_come_over_ours() {
        let mut setup = testing::setup();
        setup.containerd = Some(YamlText(
            "plugins: {io.containerd.cri.v1.runtime: {restrict_oom_score_adj: true, \
                 max_container_log_line_size: 16384}}\noom_score: -999"
                .into(),
        ));
        let text = config(&setup, Generation::Two, None).unwrap();
        assert!(text.contains("restrict_oom_score_adj = true"), "{text}");
        assert!(text.contains("max_container_log_line_size = 16384"), "{text}");
        assert!(text.contains("oom_score = -999") && text.contains("SystemdCgroup = true"), "{text}");
        setup.containerd = Some(YamlText("- 1".into()));
        assert!(matches!(config(&setup, Generation::Two, None), Err(Problem::NotAMapping { .. })));
    }
}

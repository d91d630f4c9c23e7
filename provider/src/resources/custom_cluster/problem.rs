//! What cannot be rendered for a machine, told at its attribute.

use nodes::problem::Problem;
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;

/// The diagnostic of something that a user wrote and that cannot become part of a node.
pub(super) fn told(problem: &Problem) -> Diagnostic {
    let cni = || Path::to("network").attribute("cni");
    match problem {
        Problem::Yaml { attribute, reason } => document(attribute, &format!("is not YAML: {reason}")),
        Problem::NotAMapping { attribute } => document(attribute, "is not a mapping of fields to values"),
        Problem::Unwritable { attribute, reason } => {
            document(attribute, &format!("holds a value that cannot be written: {reason}"))
        }
        Problem::NoArtifacts { version, oldest, newest } => Diagnostic::error(
            "Version of Kubernetes is not known",
            format!(
                "For Kubernetes {version} it is not known which containerd, runc and CNI plugins go with it; for 1.{oldest} \
                 to 1.{newest} it is.\n\nChoose one of these, or name all three in `artifacts.versions`."
            ),
        )
        .at(Path::to("version")),
        Problem::NoCniSource(network) => Diagnostic::error(
            "Pod network needs a source",
            format!(
                "The project of `{network}` publishes no chart.\n\nSet `source` to a chart of your own, such as \
                 `oci://registry.example/charts/{network}`, or choose another network."
            ),
        )
        .at(cni().attribute("source")),
        Problem::NoCniVersion(network) => Diagnostic::error(
            "Pod network needs a version",
            format!(
                "Which version of `{network}` fits is not known.\n\nSet `version` to that of its chart."
            ),
        )
        .at(cni().attribute("version")),
        Problem::UnknownCni(network) => Diagnostic::error(
            "Pod network is not known",
            format!(
                "No chart is known for `{network}`.\n\nChoose another `type`, or `none` with the network's `manifests`."
            ),
        )
        .at(cni().attribute("type")),
    }
}

fn document(attribute: &str, saw: &str) -> Diagnostic {
    let mut names = attribute.split('.');
    let top = Path::to(names.next().unwrap_or_default());
    let path = names.fold(top, |path, name| path.attribute(name));
    Diagnostic::error(
        "Document cannot be used",
        format!("`{attribute}` {saw}.\n\nCorrect it, for example by writing it with `yamlencode`."),
    )
    .at(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_words(problem: &Problem) -> String {
        let told = told(problem);
        assert!(told.detail.contains("\n\n"), "{told:?}");
        format!("{}: {}", told.path.unwrap_or_default(), told.summary)
    }

    #[test]
    fn what_cannot_be_rendered_is_told_at_its_attribute() {
        let reason = || "no".to_owned();
        let attribute = "network.cni.values";
        let document = "network.cni.values: Document cannot be used";
        for (problem, want) in [
            (Problem::Yaml { attribute, reason: reason() }, document),
            (Problem::NotAMapping { attribute }, document),
            (Problem::Unwritable { attribute, reason: reason() }, document),
            (Problem::UnknownCni("weave".into()), "network.cni.type: Pod network is not known"),
            (Problem::NoCniSource("x".into()), "network.cni.source: Pod network needs a source"),
            (Problem::NoCniVersion("x".into()), "network.cni.version: Pod network needs a version"),
            (
                Problem::NoArtifacts { version: "1.99.0".into(), oldest: 31, newest: 36 },
                "version: Version of Kubernetes is not known",
            ),
        ] {
            assert_eq!(in_words(&problem), want);
        }
    }
}

//! `kurator_attached_cluster`: a cluster that exists, made known by its kubeconfig.

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::schema::Schema;

model! {
    /// The resource.
    pub struct AttachedClusterModel {
        /// What people call it.
        name: String,
        /// Where its credentials are.
        kubeconfig: KubeconfigModel,
        /// Its reference.
        r#ref: String,
        /// URL of its API server.
        endpoint: String,
        /// Version of its API server.
        version: String,
        /// UID of its `kube-system` namespace.
        uid: String,
    }
}

model! {
    /// Where a kubeconfig is.
    pub struct KubeconfigModel {
        /// A file.
        path: String,
        /// An environment variable.
        env: String,
        /// The context in it.
        context: String,
    }
}

/// The schema without what every resource has.
pub fn schema() -> Schema {
    Schema {
        version: 0,
        description: "A Kubernetes cluster that exists already, made known by its kubeconfig. Nothing is created in \
                      the cluster, and no credential enters state: `ref` says where the kubeconfig is, and it is read \
                      again whenever it is needed."
            .to_owned(),
        attributes: vec![
            Attribute::string(
                "name",
                "What the cluster is called in messages. Default: the name of the kubeconfig's context.",
            )
            .optional_computed(),
            Attribute::object(
                "kubeconfig",
                vec![
                    Attribute::string(
                        "path",
                        "Path of a kubeconfig file on the machine that runs Terraform; `~/` is the home directory. \
                         Exactly one of `path` and `env` is set.",
                    ),
                    Attribute::string(
                        "env",
                        "Name of an environment variable whose value is a kubeconfig, for runs without files, as in \
                         HCP Terraform workspaces. Exactly one of `path` and `env` is set.",
                    ),
                    Attribute::string("context", "Context in the kubeconfig. Default: its current context."),
                ],
                "Where the kubeconfig is. It is read during apply, refresh and import, never during validation, so a \
                 file may be made in the same run. Exec plugins in it are honoured.",
            )
            .required(),
            Attribute::string(
                "ref",
                "The cluster's reference: who it is and where its credentials are, without a secret. Pass it to \
                 everything that talks to the cluster.",
            )
            .computed(),
            Attribute::string("endpoint", "URL of the API server.").computed(),
            Attribute::string("version", "Version of the API server, such as `1.34.4`.").computed(),
            Attribute::string("uid", "UID of the cluster's `kube-system` namespace: who the cluster is.").computed(),
        ],
    }
}

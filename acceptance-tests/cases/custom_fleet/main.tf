# A fleet whose host is the cluster made in `cases/custom_cluster`, with Flux in it as pods; the members are that cluster
# itself and two control planes of the lab. The application is that of `examples/quickstart`.
variable "api_server" {
  type = string
}

variable "kubeconfig" {
  type = string
}

variable "git_url" {
  type = string
}

variable "flux" {
  type = object({ source = string, version = string, registry = string })
}

resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = var.kubeconfig, context = "hub" }
}

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = var.kubeconfig, context = "edge" }
}

resource "kurator_fleet" "demo" {
  name = var.name
  host = kurator_custom_cluster.made.ref
  flux = { source = var.flux.source, version = var.flux.version, registry = var.flux.registry }
  clusters = {
    # The name of its API is known to its machines, not to pods.
    made = { ref = kurator_custom_cluster.made.ref, api_server = var.api_server, labels = { env = "edge" } }
    hub  = { ref = kurator_attached_cluster.hub.ref }
    edge = { ref = kurator_attached_cluster.edge.ref }
  }
}

resource "kurator_application" "podinfo" {
  name   = "podinfo"
  fleet  = kurator_fleet.demo.target
  source = { git_repository = { url = var.git_url, revision = { branch = "main" } } }
  sync_policies = {
    base = { kustomization = { path = "./base", prune = true } }
    edge = {
      destination   = { cluster_selector = { match_labels = { env = "edge" } } }
      kustomization = { path = "./edge", prune = true }
    }
  }
}

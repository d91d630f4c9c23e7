# Both clusters of the lab in one fleet. The policy `base` goes to both, `edge` to those with the label `env = edge`.
variable "kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "git_url" {
  type = string
}

variable "hub_labels" {
  type    = map(string)
  default = null
}

variable "edge_labels" {
  type    = map(string)
  default = { env = "edge" }
}

terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {}

resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = var.kubeconfig, context = "hub" }
}

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = var.kubeconfig, context = "edge" }
}

resource "kurator_fleet" "demo" {
  name = var.name
  host = kurator_attached_cluster.hub.ref
  clusters = {
    hub  = { ref = kurator_attached_cluster.hub.ref, labels = var.hub_labels }
    edge = { ref = kurator_attached_cluster.edge.ref, labels = var.edge_labels }
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

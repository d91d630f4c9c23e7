# One fleet of two clusters and one application on it. `make quickstart` applies a copy of this file in the lab.
terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

variable "kubeconfig" {
  description = "Path of a kubeconfig with the contexts `hub` and `edge`."
  type        = string
  default     = "~/.kube/config"
}

variable "git_url" {
  description = "URL of a repository with the folders `base` and `edge`, as in `examples/quickstart/apps`."
  type        = string
  default     = "https://git.example.org/apps.git"
}

provider "kurator" {}

resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = var.kubeconfig, context = "hub" }
}

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = var.kubeconfig, context = "edge" }
}

resource "kurator_fleet" "demo" {
  name = "demo"
  host = kurator_attached_cluster.hub.ref
  clusters = {
    hub  = { ref = kurator_attached_cluster.hub.ref }
    edge = { ref = kurator_attached_cluster.edge.ref, labels = { env = "edge" } }
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

output "status" {
  description = "What is on each cluster."
  value       = kurator_application.podinfo.status
}

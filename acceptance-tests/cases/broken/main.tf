# Applications that cannot work: no such repository, an image that cannot be pulled, manifests that cannot be built.
variable "kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "git_url" {
  type = string
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
    edge = { ref = kurator_attached_cluster.edge.ref }
  }
}

resource "kurator_application" "no_repository" {
  name          = "no-repository"
  fleet         = kurator_fleet.demo.target
  source        = { git_repository = { url = replace(var.git_url, ".git", "-is-not-there.git") } }
  sync_policies = { base = { kustomization = { prune = true } } }
}

resource "kurator_application" "broken_image" {
  name   = "broken-image"
  fleet  = kurator_fleet.demo.target
  source = { git_repository = { url = var.git_url } }
  sync_policies = {
    image = { kustomization = { path = "./image", prune = true, timeout = "30s" } }
  }
}

resource "kurator_application" "broken_manifest" {
  name   = "broken-manifest"
  fleet  = kurator_fleet.demo.target
  source = { git_repository = { url = var.git_url } }
  sync_policies = {
    manifest = { kustomization = { path = "./manifest", prune = true } }
  }
}

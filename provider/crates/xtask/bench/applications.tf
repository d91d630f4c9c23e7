# One fleet with one member, which is its host, and as many applications as are asked for.
variable "kubeconfig" {
  type = string
}

variable "git_url" {
  type = string
}

variable "applications" {
  type = number
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

resource "kurator_fleet" "bench" {
  name     = "bench"
  host     = kurator_attached_cluster.hub.ref
  clusters = { hub = { ref = kurator_attached_cluster.hub.ref } }
}

# Waits for Flux: what Flux says of it is what it is made to have said of all others.
resource "kurator_application" "sample" {
  name          = "sample"
  fleet         = kurator_fleet.bench.target
  source        = { git_repository = { url = var.git_url } }
  sync_policies = { base = { kustomization = { path = "./base", prune = true } } }
}

resource "kurator_application" "many" {
  count         = var.applications
  name          = format("app-%04d", count.index)
  fleet         = kurator_fleet.bench.target
  source        = { git_repository = { url = var.git_url } }
  sync_policies = { base = { kustomization = { path = "./base", prune = true } } }
  wait          = false
  depends_on    = [kurator_application.sample]
}

# A fleet over two clusters, one of them about to fail, and a fleet on another host. What is `unrelated` is deployed
# while something fails: to the cluster beside, in the same fleet, and to the one on the other host.
variable "kubeconfig" {
  type = string
}

variable "far_kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "git_url" {
  type = string
}

variable "beside" {
  type    = bool
  default = false
}

variable "far" {
  type    = bool
  default = false
}

variable "on_unreachable" {
  type    = string
  default = "error"
}

variable "timeouts" {
  type    = map(string)
  default = null
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

resource "kurator_attached_cluster" "beside" {
  kubeconfig = { path = var.kubeconfig, context = "edge-2" }
}

resource "kurator_attached_cluster" "far" {
  kubeconfig = { path = var.far_kubeconfig, context = "hub" }
}

resource "kurator_fleet" "near" {
  name           = var.name
  host           = kurator_attached_cluster.hub.ref
  on_unreachable = var.on_unreachable
  clusters = {
    edge   = { ref = kurator_attached_cluster.edge.ref }
    beside = { ref = kurator_attached_cluster.beside.ref, labels = { role = "beside" } }
  }
}

resource "kurator_fleet" "far" {
  name     = var.name
  host     = kurator_attached_cluster.far.ref
  clusters = { far = { ref = kurator_attached_cluster.far.ref } }
}

resource "kurator_application" "web" {
  name           = "web"
  fleet          = kurator_fleet.near.target
  on_unreachable = var.on_unreachable
  timeouts       = var.timeouts
  source         = { git_repository = { url = var.git_url } }
  sync_policies  = { all = { kustomization = { path = "./web", prune = true } } }
}

resource "kurator_application" "beside" {
  count  = var.beside ? 1 : 0
  name   = "beside"
  fleet  = kurator_fleet.near.target
  source = { git_repository = { url = var.git_url } }
  sync_policies = {
    all = {
      destination   = { cluster_selector = { match_labels = { role = "beside" } } }
      kustomization = { path = "./beside", prune = true }
    }
  }
}

resource "kurator_application" "far" {
  count         = var.far ? 1 : 0
  name          = "far"
  fleet         = kurator_fleet.far.target
  source        = { git_repository = { url = var.git_url } }
  sync_policies = { all = { kustomization = { path = "./far", prune = true } } }
}

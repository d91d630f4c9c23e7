# A fleet over two clusters with an application. One of them, known as `edge`, can go, be another one, or go with all.
variable "kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "git_url" {
  type = string
}

# The context of the member that is known as `edge`; null for no such member.
variable "edge" {
  type    = string
  default = "edge"
}

variable "all" {
  type    = bool
  default = true
}

variable "on_unreachable" {
  type    = string
  default = "error"
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

resource "kurator_attached_cluster" "beside" {
  kubeconfig = { path = var.kubeconfig, context = "edge-2" }
}

resource "kurator_attached_cluster" "edge" {
  for_each   = toset(var.edge == null ? [] : [var.edge])
  kubeconfig = { path = var.kubeconfig, context = each.key }
}

resource "kurator_fleet" "demo" {
  count          = var.all ? 1 : 0
  name           = var.name
  host           = kurator_attached_cluster.hub.ref
  on_unreachable = var.on_unreachable
  clusters = merge(
    { beside = { ref = kurator_attached_cluster.beside.ref } },
    { for context, cluster in kurator_attached_cluster.edge : "edge" => { ref = cluster.ref } },
  )
}

resource "kurator_application" "web" {
  count          = var.all ? 1 : 0
  name           = "web"
  fleet          = kurator_fleet.demo[0].target
  on_unreachable = var.on_unreachable
  source         = { git_repository = { url = var.git_url } }
  sync_policies  = { all = { kustomization = { path = "./web", prune = true } } }
}

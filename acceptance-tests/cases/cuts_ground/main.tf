# What the cut applications stand on: both clusters of the lab in one fleet.
variable "kubeconfig" {
  type = string
}

variable "name" {
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

resource "kurator_fleet" "ground" {
  name = var.name
  host = kurator_attached_cluster.hub.ref
  clusters = {
    hub  = { ref = kurator_attached_cluster.hub.ref }
    edge = { ref = kurator_attached_cluster.edge.ref }
  }
}

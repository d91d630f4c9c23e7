# References that lead to other clusters than they say, to one cluster twice, and to a fleet that is not there.
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

# The context of one, the uid of the other.
locals {
  mixed_up = replace(kurator_attached_cluster.edge.ref, kurator_attached_cluster.edge.uid, kurator_attached_cluster.hub.uid)
}

resource "kurator_fleet" "host_is_another" {
  name     = "${var.name}-host"
  host     = local.mixed_up
  clusters = {}
}

resource "kurator_fleet" "member_is_another" {
  name = "${var.name}-member"
  host = kurator_attached_cluster.hub.ref
  clusters = {
    edge = { ref = local.mixed_up }
  }
}

resource "kurator_fleet" "twice" {
  name = "${var.name}-twice"
  host = kurator_attached_cluster.hub.ref
  clusters = {
    one = { ref = kurator_attached_cluster.edge.ref }
    two = { ref = kurator_attached_cluster.edge.ref }
  }
}

resource "kurator_application" "no_fleet" {
  name = "no-fleet"
  fleet = {
    ref     = "fleet:${var.name}-gone?host=${urlencode(kurator_attached_cluster.hub.ref)}"
    members = { hub = { ref = kurator_attached_cluster.hub.ref, labels = {} } }
  }
  source        = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = { base = { kustomization = { prune = true } } }
}

# A chart of the repository on the one cluster with the label `env = edge`.
variable "kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "git_url" {
  type = string
}

variable "values" {
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
    hub  = { ref = kurator_attached_cluster.hub.ref }
    edge = { ref = kurator_attached_cluster.edge.ref, labels = { env = "edge" } }
  }
}

resource "kurator_application" "web" {
  name   = "web"
  fleet  = kurator_fleet.demo.target
  source = { git_repository = { url = var.git_url } }
  sync_policies = {
    chart = {
      destination = { cluster_selector = { match_labels = { env = "edge" } } }
      helm = {
        chart            = "./chart"
        release_name     = var.name
        target_namespace = "default"
        values           = var.values
      }
    }
  }
}

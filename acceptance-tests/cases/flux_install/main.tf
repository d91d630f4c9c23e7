# A fleet on a host without Flux: it is installed from an artifact in the lab's registry.
variable "kubeconfig" {
  type = string
}

variable "name" {
  type = string
}

variable "source_url" {
  type = string
}

variable "tag" {
  type = string
}

variable "digest" {
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

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = var.kubeconfig, context = "edge" }
}

resource "kurator_fleet" "demo" {
  name     = var.name
  host     = kurator_attached_cluster.edge.ref
  clusters = {}
  flux = {
    source      = var.source_url
    version     = var.tag
    digest      = var.digest
    concurrency = 7
  }
}

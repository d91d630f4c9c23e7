# The same as a data source, and one of a cluster that nobody answers for.
variable "kubeconfig" {
  type = string
}

variable "nobody" {
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

data "kurator_kubeconfig" "edge" {
  cluster         = kurator_attached_cluster.edge.ref
  service_account = { namespace = "default", name = "default" }
}

data "kurator_kubeconfig" "nobody" {
  cluster        = "file:${var.nobody}"
  on_unreachable = "null"
}

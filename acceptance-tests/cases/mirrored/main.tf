# The provider in the version that is in the mirror.
variable "kubeconfig" {
  type = string
}

terraform {
  required_providers {
    kurator = {
      source  = "kurator-dev/kurator"
      version = "~> 0.1"
    }
  }
}

provider "kurator" {}

resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = var.kubeconfig, context = "hub" }
}

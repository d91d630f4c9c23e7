# Each kubeconfig is unusable in its own way.
variable "folder" {
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

resource "kurator_attached_cluster" "missing" {
  kubeconfig = { path = "${var.folder}/missing" }
}

resource "kurator_attached_cluster" "unset" {
  kubeconfig = { env = "KURATOR_ACCEPTANCE_UNSET", context = "hub" }
}

resource "kurator_attached_cluster" "not_yaml" {
  kubeconfig = { path = "${var.folder}/not_yaml" }
}

resource "kurator_attached_cluster" "no_context" {
  kubeconfig = { path = "${var.folder}/good", context = "moon" }
}

resource "kurator_attached_cluster" "wrong_ca" {
  kubeconfig = { path = "${var.folder}/wrong_ca" }
}

resource "kurator_attached_cluster" "bad_token" {
  kubeconfig = { path = "${var.folder}/bad_token" }
}

resource "kurator_attached_cluster" "nobody" {
  kubeconfig = { path = "${var.folder}/nobody" }
}

resource "kurator_attached_cluster" "good" {
  kubeconfig = { path = "${var.folder}/good" }
}

# A cluster that is made known, credentials for it, and a program that uses them: all in one apply.
variable "kubeconfig" {
  type = string
}

variable "kubectl" {
  type = string
}

# Where the program puts the kubeconfig that it was given, and the cluster's answer.
variable "answers" {
  type = string
}

# Another value asks again.
variable "turn" {
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

ephemeral "kurator_cluster_credentials" "minted" {
  cluster         = kurator_attached_cluster.edge.ref
  service_account = { namespace = "default", name = "default" }
  lifetime        = "10m"
}

ephemeral "kurator_cluster_credentials" "own" {
  cluster = kurator_attached_cluster.edge.ref
}

locals {
  ask = "printf %s \"$GIVEN\" > \"$FILE\" && \"$KUBECTL\" --kubeconfig \"$FILE\" auth whoami -o json > \"$FILE.json\""
}

resource "terraform_data" "minted" {
  triggers_replace = var.turn

  provisioner "local-exec" {
    command = local.ask
    environment = {
      GIVEN   = ephemeral.kurator_cluster_credentials.minted.kubeconfig
      FILE    = "${var.answers}/minted-${var.turn}"
      KUBECTL = var.kubectl
    }
  }
}

resource "terraform_data" "own" {
  triggers_replace = var.turn

  provisioner "local-exec" {
    command = local.ask
    environment = {
      GIVEN   = ephemeral.kurator_cluster_credentials.own.kubeconfig
      FILE    = "${var.answers}/own-${var.turn}"
      KUBECTL = var.kubectl
    }
  }
}

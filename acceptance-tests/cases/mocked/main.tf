# A module as users write one: clusters by name, a fleet of them, and one application.
variable "contexts" {
  type = map(map(string))
}

terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

resource "kurator_attached_cluster" "this" {
  for_each   = var.contexts
  kubeconfig = { path = "/nowhere/kubeconfig", context = each.key }
}

resource "kurator_fleet" "this" {
  name = "demo"
  host = kurator_attached_cluster.this["hub"].ref
  clusters = {
    for name, labels in var.contexts : name => { ref = kurator_attached_cluster.this[name].ref, labels = labels }
  }
}

resource "kurator_application" "this" {
  name   = "podinfo"
  fleet  = kurator_fleet.this.target
  source = { git_repository = { url = "https://git.example.org/apps.git" } }
  sync_policies = {
    base = { kustomization = { path = "./base", prune = true } }
  }
}

data "kurator_kubeconfig" "hub" {
  cluster = kurator_attached_cluster.this["hub"].ref
}

output "labels" {
  value = { for name, cluster in kurator_fleet.this.clusters : name => cluster.labels }
}

output "host" {
  value = data.kurator_kubeconfig.hub.host
}

# None of these has credentials.
terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {}

ephemeral "kurator_cluster_credentials" "fleet" {
  cluster = "fleet:demo?host=env%3AHUB"
}

ephemeral "kurator_cluster_credentials" "target" {
  cluster = { ref = "fleet:demo?host=env%3AHUB", members = {} }
}

ephemeral "kurator_cluster_credentials" "lifetime" {
  cluster  = "env:HUB"
  lifetime = "5m"
}

data "kurator_kubeconfig" "fleet" {
  cluster = "fleet:demo?host=env%3AHUB"
}

data "kurator_kubeconfig" "target" {
  cluster = { ref = "fleet:demo?host=env%3AHUB", members = {} }
}

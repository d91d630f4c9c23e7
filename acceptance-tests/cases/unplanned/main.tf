# Valid as far as validate can see; what is wrong shows when references are known. The host is never asked.
terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {}

resource "kurator_fleet" "demo" {
  name = "demo"
  host = "file:kubeconfig?context=hub&uid=1"
  clusters = {
    hub = { ref = "file:kubeconfig?context=hub&uid=1", labels = { env = "hub" } }
  }
}

resource "kurator_application" "ref" {
  name          = "ref"
  fleet         = kurator_fleet.demo.ref
  source        = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = { base = { kustomization = { prune = true } } }
}

resource "kurator_application" "nowhere" {
  name   = "nowhere"
  fleet  = kurator_fleet.demo.target
  source = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = {
    moon = {
      destination   = { cluster_selector = { match_labels = { env = "moon" } } }
      kustomization = { prune = true }
    }
  }
}

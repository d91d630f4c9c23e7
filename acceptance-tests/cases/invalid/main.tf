# Nothing of this is valid, and validate can say so without asking anybody.
terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {}

resource "kurator_attached_cluster" "two_places" {
  kubeconfig = { path = "a-file", env = "A_VARIABLE" }
}

resource "kurator_attached_cluster" "no_place" {
  kubeconfig = { context = "hub" }
}

resource "kurator_fleet" "name" {
  name     = "Not_A_Name"
  host     = "file:kubeconfig?context=hub&uid=1"
  clusters = {}
}

resource "kurator_fleet" "key" {
  name = "key"
  host = "file:kubeconfig?context=hub&uid=1"
  clusters = {
    "Not A Name" = { ref = "file:kubeconfig?context=hub&uid=1" }
  }
}

resource "kurator_fleet" "host" {
  name     = "host"
  host     = "10.0.0.1:6443"
  clusters = {}
}

resource "kurator_fleet" "twice" {
  name = "twice"
  host = "file:kubeconfig?context=hub&uid=1"
  clusters = {
    one = { ref = "file:kubeconfig?context=hub&uid=1" }
    two = { ref = "env:THE_SAME_CLUSTER?uid=1" }
  }
}

resource "kurator_application" "name" {
  name          = "Not_A_Name"
  fleet         = { ref = "fleet:demo?host=file%3Akubeconfig", members = {} }
  source        = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = { base = { kustomization = { prune = true } } }
}

resource "kurator_application" "ref" {
  name          = "ref"
  fleet         = "fleet:demo?host=file%3Akubeconfig"
  source        = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = { base = { kustomization = { prune = true } } }
}

resource "kurator_application" "source" {
  name          = "source"
  fleet         = { ref = "fleet:demo?host=file%3Akubeconfig", members = {} }
  source        = { git_repository = { url = "example.com:apps.git", revision = { tag = "v1", semver = "1.x" } } }
  sync_policies = { base = { kustomization = { prune = true, interval = "soon" } } }
}

resource "kurator_application" "contents" {
  name   = "contents"
  fleet  = { ref = "fleet:demo?host=file%3Akubeconfig", members = {} }
  source = { git_repository = { url = "https://example.com/apps.git" } }
  sync_policies = {
    both = {
      kustomization = { prune = true }
      helm          = { chart = "./chart", target_namespace = "web" }
    }
    neither = {}
    values = {
      helm = { chart = "./chart", target_namespace = "web", values = "- a list" }
    }
  }
}

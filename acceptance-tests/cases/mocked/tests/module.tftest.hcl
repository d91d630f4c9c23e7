# No cluster answers here: everything that the provider would say is made up.
mock_provider "kurator" {
  mock_resource "kurator_attached_cluster" {
    defaults = {
      # Without a uid: every instance gets this one, and a cluster with a uid is a member only once.
      ref = "env:CLUSTER"
    }
  }
  mock_resource "kurator_fleet" {
    defaults = {
      target = { ref = "fleet:demo?host=env%3AHUB", members = {} }
    }
  }
  mock_data "kurator_kubeconfig" {
    defaults = {
      host = "https://hub.example:6443"
    }
  }
}

variables {
  contexts = { hub = {}, edge = { env = "edge" } }
}

run "labels_reach_the_fleet" {
  command = apply

  assert {
    condition     = output.labels.edge.env == "edge"
    error_message = "The label is not on the fleet's member."
  }
  assert {
    condition     = output.host == "https://hub.example:6443"
    error_message = "The made-up host is not what the data source gives."
  }
  assert {
    condition     = kurator_application.this.fleet.ref == "fleet:demo?host=env%3AHUB"
    error_message = "The application is not on the fleet."
  }
}

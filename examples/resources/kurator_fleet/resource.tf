resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = "~/.kube/config", context = "hub" }
}

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = "~/.kube/config", context = "edge" }
}

resource "kurator_fleet" "demo" {
  name = "demo"
  host = kurator_attached_cluster.hub.ref

  clusters = {
    hub = {
      ref = kurator_attached_cluster.hub.ref
    }
    edge = {
      ref    = kurator_attached_cluster.edge.ref
      labels = { env = "edge" }
    }
  }
}

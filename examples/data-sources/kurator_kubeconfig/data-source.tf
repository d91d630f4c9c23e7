resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = "~/.kube/config", context = "edge" }
}

data "kurator_kubeconfig" "edge" {
  cluster         = kurator_attached_cluster.edge.ref
  service_account = { namespace = "ci", name = "deployer" }
  lifetime        = "30m"
}

output "kubeconfig" {
  value     = data.kurator_kubeconfig.edge.kubeconfig
  sensitive = true
}

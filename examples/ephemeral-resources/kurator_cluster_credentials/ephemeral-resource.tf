resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = "~/.kube/config", context = "edge" }
}

ephemeral "kurator_cluster_credentials" "edge" {
  cluster = kurator_attached_cluster.edge.ref

  # A token of this account is minted. Without it, the identity in the kubeconfig is passed on.
  service_account = { namespace = "ci", name = "deployer" }
  lifetime        = "30m"
}

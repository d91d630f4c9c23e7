# By a kubeconfig file on the machine that runs Terraform.
resource "kurator_attached_cluster" "hub" {
  kubeconfig = {
    path    = "~/.kube/config"
    context = "hub"
  }
}

# By an environment variable that holds a kubeconfig, for runs without files.
resource "kurator_attached_cluster" "edge" {
  name = "edge"

  kubeconfig = {
    env = "EDGE_KUBECONFIG"
  }
}

output "hub" {
  value = kurator_attached_cluster.hub.ref
}

import {
  to = kurator_attached_cluster.hub
  identity = {
    ref = "file:~/.kube/config?context=hub"
  }
}

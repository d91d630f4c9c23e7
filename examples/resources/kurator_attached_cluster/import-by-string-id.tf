import {
  to = kurator_attached_cluster.hub
  id = "file:~/.kube/config?context=hub"
}

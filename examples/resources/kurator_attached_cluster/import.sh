# By the cluster's reference. The UID at its end may be left out; if it is there, it must be the cluster's.
terraform import kurator_attached_cluster.hub 'file:~/.kube/config?context=hub'

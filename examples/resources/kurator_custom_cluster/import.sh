# By the cluster's reference: how its control plane is logged in to. `uid` may be left out.
terraform import kurator_custom_cluster.factory 'ssh://site?user=admin&become=sudo&cp=10.77.0.11%3A22&hostkey=SHA256%3AuNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE'

import {
  to = kurator_custom_cluster.factory
  identity = {
    ref = "ssh://site?user=admin&become=sudo&cp=${urlencode("10.77.0.11:22")}&hostkey=${urlencode("SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE")}"
  }
}

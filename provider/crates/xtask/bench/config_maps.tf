# As many ConfigMaps as are asked for, kept by the kubernetes provider, which is written in Go.
variable "kubeconfig" {
  type = string
}

variable "config_maps" {
  type = number
}

terraform {
  required_providers {
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

provider "kubernetes" {
  config_path    = var.kubeconfig
  config_context = "hub"
}

resource "kubernetes_config_map_v1" "many" {
  count = var.config_maps
  metadata {
    name      = format("bench-%04d", count.index)
    namespace = "default"
  }
  data = { index = tostring(count.index) }
}

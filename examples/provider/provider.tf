terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

variable "ssh_key" {
  type      = string
  sensitive = true
}

# Nothing has to be set. `owner` keeps apart configurations that share a cluster; credentials are for machines that become
# clusters; mirrors are for sites without a way out.
provider "kurator" {
  owner = "platform-team"

  ssh_credentials = {
    site = { private_key = var.ssh_key }
    gate = { private_key_path = "~/.ssh/gate" }
  }

  mirrors = {
    "registry.k8s.io" = "registry.example/k8s"
    "dl.k8s.io"       = "mirror.example/k8s"
  }
}

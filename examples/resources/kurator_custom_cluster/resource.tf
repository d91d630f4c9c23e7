variable "ssh_key" {
  type      = string
  sensitive = true
}

provider "kurator" {
  ssh_credentials = { site = { private_key = var.ssh_key } }
}

resource "kurator_custom_cluster" "factory" {
  name    = "factory"
  version = "1.34.4"

  ssh = {
    user        = "admin"
    credential  = "site"
    known_hosts = { path = "known_hosts" }
  }

  machines = {
    cp1 = { role = "control_plane", address = "10.77.0.11" }
    w1  = { role = "worker", address = "10.77.0.21", labels = { zone = "a" } }
    w2  = { role = "worker", address = "10.77.0.22", labels = { zone = "b" } }
  }

  control_plane    = { extra_sans = ["api.factory.example"] }
  network          = { cni = { type = "cilium" } }
  workers_strategy = { max_unavailable = 1, drain = { timeout = "10m" } }
}

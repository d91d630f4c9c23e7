# One cluster on the lab's machines. What is of the lab alone is in variables and in the last three settings.
variable "name" {
  type = string
}

variable "kubernetes" {
  type = string
}

variable "artifacts" {
  type = map(string)
}

variable "key" {
  type = string
}

variable "known_hosts" {
  type = string
}

variable "mirrors" {
  type = map(string)
}

variable "chart" {
  type = object({ source = string, version = string })
}

variable "machines" {
  type = map(object({ role = string, address = string, labels = optional(map(string)) }))
}

variable "on_unreachable" {
  type    = string
  default = null
}

terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {
  ssh_credentials = { lab = { private_key_path = var.key } }
  mirrors         = var.mirrors
}

resource "kurator_custom_cluster" "made" {
  name             = var.name
  version          = var.kubernetes
  ssh              = { user = "admin", credential = "lab", known_hosts = { path = var.known_hosts } }
  machines         = var.machines
  artifacts        = { versions = var.artifacts }
  workers_strategy = { max_unavailable = 1, drain = { timeout = "2m", force = true } }
  on_unreachable   = var.on_unreachable

  network = {
    # A stand-in for a pod network: its chart takes what Flannel's takes.
    cni = { type = "flannel", source = var.chart.source, version = var.chart.version }
    # The table of connections is the kernel's that all machines share, and may not be set from one of them.
    kube_proxy = { config = yamlencode({ conntrack = { maxPerCore = 0 } }) }
  }

  # Every node sees the disk of the machine that all of them run on.
  kubelet = yamlencode({
    failCgroupV1                = false
    imageGCHighThresholdPercent = 100
    evictionHard = {
      "nodefs.available"   = "0%"
      "nodefs.inodesFree"  = "0%"
      "imagefs.available"  = "0%"
      "imagefs.inodesFree" = "0%"
      "memory.available"   = "0%"
    }
  })

  # Some machines may not make a process less likely to be killed.
  containerd = {
    extra_config = yamlencode({
      plugins = { "io.containerd.cri.v1.runtime" = { restrict_oom_score_adj = true } }
    })
  }
}

output "ref" {
  value = kurator_custom_cluster.made.ref
}

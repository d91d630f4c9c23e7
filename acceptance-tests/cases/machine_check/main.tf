# What stands in the way of machines, each in its own way.
variable "kubernetes" {
  type = string
}

variable "key" {
  type = string
}

variable "known_hosts" {
  type = string
}

variable "machines" {
  type = map(object({
    role       = string
    address    = string
    private_ip = optional(string)
    ssh        = optional(object({ user = optional(string), host_key = optional(string) }))
  }))
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
}

data "kurator_machine_check" "site" {
  version  = var.kubernetes
  ssh      = { user = "admin", credential = "lab", known_hosts = { path = var.known_hosts } }
  machines = var.machines
}

output "ok" {
  value = data.kurator_machine_check.site.ok
}

output "found" {
  value = [
    for finding in data.kurator_machine_check.site.findings :
    "${finding.severity} ${finding.machine} ${finding.check}: ${finding.saw}"
  ]
}

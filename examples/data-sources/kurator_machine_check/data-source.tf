locals {
  ssh = { user = "admin", credential = "site", known_hosts = { path = "known_hosts" } }

  machines = {
    cp1 = { role = "control_plane", address = "10.77.0.11" }
    w1  = { role = "worker", address = "10.77.0.21" }
  }
}

data "kurator_machine_check" "factory" {
  version  = "1.34.4"
  ssh      = local.ssh
  machines = local.machines
}

output "in_the_way" {
  value = [
    for finding in data.kurator_machine_check.factory.findings :
    "${finding.machine}: ${finding.saw} ${finding.way_out}" if finding.severity == "error"
  ]
}

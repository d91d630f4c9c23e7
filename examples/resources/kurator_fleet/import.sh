# By the fleet's reference: its name and the percent-encoded reference of its host.
terraform import kurator_fleet.demo 'fleet:demo?host=file%3A~/.kube/config%3Fcontext%3Dhub'

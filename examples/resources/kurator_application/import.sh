# By the fleet's name, the application's, and the percent-encoded reference of the fleet's host.
terraform import kurator_application.podinfo 'fleet:demo/podinfo?host=file%3A~/.kube/config%3Fcontext%3Dhub'

import {
  to = kurator_fleet.demo
  id = "fleet:demo?host=${urlencode("file:~/.kube/config?context=hub")}"
}

import {
  to = kurator_fleet.demo
  identity = {
    ref = "fleet:demo?host=${urlencode("file:~/.kube/config?context=hub")}"
  }
}

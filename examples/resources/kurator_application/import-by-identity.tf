import {
  to = kurator_application.podinfo
  identity = {
    ref = "fleet:demo/podinfo?host=${urlencode("file:~/.kube/config?context=hub")}"
  }
}

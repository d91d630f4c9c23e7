import {
  to = kurator_application.podinfo
  id = "fleet:demo/podinfo?host=${urlencode("file:~/.kube/config?context=hub")}"
}

resource "kurator_attached_cluster" "hub" {
  kubeconfig = { path = "~/.kube/config", context = "hub" }
}

resource "kurator_attached_cluster" "edge" {
  kubeconfig = { path = "~/.kube/config", context = "edge" }
}

resource "kurator_fleet" "demo" {
  name = "demo"
  host = kurator_attached_cluster.hub.ref

  clusters = {
    hub  = { ref = kurator_attached_cluster.hub.ref }
    edge = { ref = kurator_attached_cluster.edge.ref, labels = { env = "edge" } }
  }
}

resource "kurator_application" "podinfo" {
  name  = "podinfo"
  fleet = kurator_fleet.demo.target

  source = {
    git_repository = {
      url      = "https://git.example.org/apps.git"
      revision = { branch = "main" }
    }
  }

  sync_policies = {
    # Every member.
    base = {
      kustomization = {
        path  = "./base"
        prune = true
      }
    }
    # Members with the label env = "edge".
    edge = {
      destination = {
        cluster_selector = { match_labels = { env = "edge" } }
      }
      kustomization = {
        path  = "./edge"
        prune = true
      }
    }
    # A chart in the same repository, with values of its own.
    web = {
      destination = {
        cluster_selector = { match_labels = { env = "edge" } }
      }
      helm = {
        chart            = "./charts/web"
        target_namespace = "web"
        values           = yamlencode({ replicas = 2 })
      }
    }
  }
}

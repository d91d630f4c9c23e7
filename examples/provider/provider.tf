terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

# Nothing has to be set. `owner` keeps apart configurations that share a cluster.
provider "kurator" {
  owner = "platform-team"
}

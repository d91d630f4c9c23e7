# What is around the one resource that is cut. The references are those of clusters and of a fleet that stand already,
# so that nothing but that resource asks anything.
variable "kubeconfig" {
  type = string
}

variable "hub" {
  type = string
}

variable "edge" {
  type = string
}

variable "target" {
  type = any
}

variable "git_url" {
  type = string
}

terraform {
  required_providers {
    kurator = {
      source = "kurator-dev/kurator"
    }
  }
}

provider "kurator" {}

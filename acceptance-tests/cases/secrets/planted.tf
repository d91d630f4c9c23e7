# Puts a marker into state and plan, raw and in base64 at each offset: what a scan for secrets must find.
variable "marker" {
  type = string
}

resource "terraform_data" "planted" {
  input = [
    var.marker,
    base64encode(var.marker),
    base64encode("x${var.marker}"),
    base64encode("xy${var.marker}"),
  ]
}

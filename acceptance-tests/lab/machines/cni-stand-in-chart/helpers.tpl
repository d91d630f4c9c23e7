{{- /* The range of pods, as whichever network is meant is told; kubeadm's own note for those that are told nothing. */ -}}
{{- define "pods" -}}
{{- $pools := .Values.installation.calicoNetwork.ipPools -}}
{{- $pods := .Values.podCidr | default .Values.ipv4.POD_CIDR -}}
{{- if $pools }}{{ $pods = (first $pools).cidr }}{{ end -}}
{{- with lookup "v1" "ConfigMap" "kube-system" "kubeadm-config" -}}
{{- $pods = $pods | default (fromYaml (index .data "ClusterConfiguration")).networking.podSubnet -}}
{{- end -}}
{{- required "cni-stand-in: no range of pods is given, and kubeadm has noted none" $pods -}}
{{- end -}}

{{- /* Where the API answers before there is a way to services: as told, else as the cluster itself says. */ -}}
{{- define "api" -}}
{{- $api := "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)" -}}
{{- with (lookup "v1" "Endpoints" "default" "kubernetes").subsets -}}
{{- $subset := first . -}}
{{- $api = printf "%s:%v" (first $subset.addresses).ip (first $subset.ports).port -}}
{{- end -}}
{{- with .Values.k8sServiceHost -}}
{{- $api = printf "%s:%v" . ($.Values.k8sServicePort | default 6443) -}}
{{- end -}}
https://{{ $api }}
{{- end -}}

{{/* What the values' schema cannot say. */}}
{{- define "kaito.checks" -}}
{{- if .Values.managedAddon.enabled -}}
{{- if ne .Release.Namespace "kube-system" -}}
{{- fail (printf "managedAddon.enabled is for namespace kube-system, and this release is in %s: install with --namespace kube-system, or without managedAddon.enabled" .Release.Namespace) -}}
{{- end -}}
{{- $pods := int .Values.operator.replicas -}}
{{- if .Values.provisioner.enabled -}}
{{- $pods = add $pods (int .Values.provisioner.replicas) -}}
{{- end -}}
{{- if gt (int $pods) 5 -}}
{{- fail (printf "managedAddon.enabled allows five pods with label app=ai-toolchain-operator, as kubectl logs -f -l follows no more, and operator.replicas and provisioner.replicas make %d: lower them" (int $pods)) -}}
{{- end -}}
{{- end -}}
{{- end }}

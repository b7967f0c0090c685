{{/* Labels of every object. Argument: {root, name}; name is the component's. */}}
{{- define "kaito.labels" -}}
{{ include "kaito.selector" . }}
app.kubernetes.io/part-of: kaito-ts
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels that pods are found by; they may never change. Argument: {root, name}. */}}
{{- define "kaito.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* An image of KAITO's own. Argument: {root, image}. */}}
{{- define "kaito.image" -}}
{{- with .root.Values.imageRegistry }}{{ trimSuffix "/" . }}/{{ end }}{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}

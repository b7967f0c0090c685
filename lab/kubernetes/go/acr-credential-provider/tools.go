//go:build tools

// Package acr pins Azure's credential provider of kubelets, which is built unchanged from its module.
package acr

import _ "sigs.k8s.io/cloud-provider-azure/cmd/acr-credential-provider"

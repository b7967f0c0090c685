//go:build tools

// Package lab pins the programs that are built unchanged from their modules, and the name server's version, which decides those of
// gRPC and OpenTelemetry for all.
package lab

import (
	_ "github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "helm.sh/helm/v3/cmd/helm"
)

//go:build tools

// Package kwok pins the simulator of nodes, which is built unchanged from its module.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"

//go:build tools

// Package traefik pins the ingress controller, which is built unchanged from its module.
package traefik

import _ "github.com/traefik/traefik/v3/cmd/traefik"

// coredns is CoreDNS with the plugins that a cluster's name server in a lab needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"
)

// A query passes the plugins in this order.
func init() {
	dnsserver.Directives = []string{"bind", "errors", "hosts", "kubernetes", "template", "forward"}
}

func main() { coremain.Run() }

// Command registry runs CNCF distribution's registry many times over in one process. A line with a name on standard input asks for the
// registry of that name, whose storage is the folder of that name; `NAME ADDRESS` on standard output tells where it listens: on a free
// port of the loopback, without authentication. The program ends when its standard input does, that is, with the process that started it.
//
// Usage: registry STORAGE
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/sirupsen/logrus"
)

var valid = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// open starts a name's registry.
func open(storage, secret, name string) (net.Addr, error) {
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem":  configuration.Parameters{"rootdirectory": filepath.Join(storage, name)},
			"delete":      configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	// Clients see these addresses through a proxy that has other host names.
	config.HTTP.RelativeURLs = true
	config.HTTP.Secret = secret
	config.Catalog.MaxEntries = 1000
	app := handlers.NewApp(context.Background(), config)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { log.Fatal(http.Serve(listener, app)) }()
	return listener.Addr(), nil
}

// secretIn signs the state of uploads; kept, so that an upload goes on after a restart.
func secretIn(storage string) (string, error) {
	file := filepath.Join(storage, "secret")
	held, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return string(held), err
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return "", err
	}
	text := hex.EncodeToString(fresh)
	return text, os.WriteFile(file, []byte(text), 0o600)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: registry STORAGE")
	}
	storage := os.Args[1]
	logrus.SetLevel(logrus.WarnLevel)
	if err := os.MkdirAll(storage, 0o700); err != nil {
		log.Fatal(err)
	}
	secret, err := secretIn(storage)
	if err != nil {
		log.Fatal(err)
	}
	opened := map[string]net.Addr{}
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		name := names.Text()
		if !valid.MatchString(name) {
			log.Fatalf("not a name: %q", name)
		}
		if opened[name] == nil {
			if opened[name], err = open(storage, secret, name); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(name, opened[name])
	}
}

// Command registry serves CNCF distribution's registry many times over from one process, one independent registry per name space: a
// request's first path segment names it, its storage is the folder of that name. It listens on a free port of the loopback, prints
// the address as its first line, and ends when its standard input does, that is, with the process that started it.
//
// Usage: registry STORAGE
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/sirupsen/logrus"
)

var space = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

type registries struct {
	storage string
	secret  string
	mutex   sync.Mutex
	open    map[string]http.Handler
}

// of gives a name space's registry, made at its first use.
func (r *registries) of(name string) http.Handler {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if handler, ok := r.open[name]; ok {
		return handler
	}
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem":  configuration.Parameters{"rootdirectory": filepath.Join(r.storage, name)},
			"delete":      configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	config.HTTP.RelativeURLs = true
	config.HTTP.Secret = r.secret
	config.Catalog.MaxEntries = 1000
	config.Validation.Disabled = false
	handler := http.StripPrefix("/"+name, handlers.NewApp(context.Background(), config))
	r.open[name] = handler
	return handler
}

func (r *registries) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/")
	if !space.MatchString(name) {
		http.NotFound(w, request)
		return
	}
	r.of(name).ServeHTTP(w, request)
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, &registries{storage: storage, secret: secret, open: map[string]http.Handler{}}))
}

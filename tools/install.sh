#!/bin/sh
# Installs the pinned Node and the packages into node_modules of this checkout, and nothing anywhere else.
# Usage: install.sh [--dev]   (--dev adds what the tests need)
# Safe to start twice at once; a run that was cut off is made good by the next one.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
dev=false
# A tree that has the test tools keeps them.
if [ "${1:-}" = --dev ] || [ -e node_modules/.kaito-installed-dev ]; then dev=true; fi

say() { printf 'kaito: %s\n' "$*"; }
fail() {
  printf 'kaito: %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf '  %s\n' "$2" >&2
  exit 1
}
installed() {
  if $dev; then stamp=node_modules/.kaito-installed-dev; else stamp=node_modules/.kaito-installed; fi
  [ "$stamp" -nt package-lock.json ] && [ -x node_modules/.bin/node ]
}

installed && exit 0

case "$(uname -s) $(uname -m)" in
  'Linux x86_64' | 'Linux aarch64')
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{print $2}')
    [ -n "$glibc" ] || fail 'this Linux has no glibc (musl?); the inference engine needs glibc 2.34 or newer.' 'Use a Debian 12, Ubuntu 22.04, Fedora 36 or newer system or container.'
    [ "$(printf '%s\n2.34\n' "$glibc" | sort -V | head -n 1)" = 2.34 ] || fail "glibc $glibc is too old; the inference engine needs 2.34 or newer." 'Use a Debian 12, Ubuntu 22.04, Fedora 36 or newer system or container.'
    ;;
  'Darwin arm64') ;;
  *) fail "KAITO runs on Linux x64 and arm64 and on macOS arm64; this is $(uname -s) $(uname -m)." ;;
esac
command -v npm >/dev/null 2>&1 || fail 'npm is not on PATH; it comes with Node.js.' 'Install Node.js 18 or newer (any version will do: KAITO brings its own pinned one), then run this again.'

# One installation at a time: the directory is the lock, the pid in it tells a stale one.
lock=.kaito-install.lock
until mkdir "$lock" 2>/dev/null; do
  holder=$(cat "$lock/pid" 2>/dev/null || true)
  if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
    rm -rf "$lock"
    continue
  fi
  [ -n "${waited:-}" ] || say "another installation is running here (process ${holder:-unknown}); waiting for it"
  waited=yes
  sleep 1
done
echo $$ >"$lock/pid"
log=$(mktemp "${TMPDIR:-/tmp}/kaito-install.XXXXXX")
npm_pid=
finish() {
  [ -z "$npm_pid" ] || kill "$npm_pid" 2>/dev/null || true
  rm -rf "$lock" "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

installed && exit 0

start=$(date +%s)
if $dev; then what='the pinned Node, the packages and the test tools (about 510 MiB)'; else what='the pinned Node and the packages (about 340 MiB)'; fi
say "first use: installing $what into $root/node_modules"
if $dev; then omit=; else omit=--omit=dev; fi
# `install`, not `ci`: the tree is completed in place, so that a running server keeps its files, and a mirror that lacks other
# platforms' builds will do. Versions and checksums are the lock file's either way.
# shellcheck disable=SC2086 # $omit is one flag or nothing
npm install --no-save $omit --loglevel=error </dev/null >"$log" 2>&1 &
npm_pid=$!
ticks=0
while kill -0 "$npm_pid" 2>/dev/null; do
  sleep 1
  ticks=$((ticks + 1))
  if [ -t 1 ]; then
    printf '\r\033[Kkaito: installing … %d s, %s' "$ticks" "$(du -sh node_modules 2>/dev/null | cut -f1 || true)"
  elif [ $((ticks % 10)) -eq 0 ]; then
    say "installing … $ticks s, $(du -sh node_modules 2>/dev/null | cut -f1 || true)"
  fi
done
[ ! -t 1 ] || printf '\r\033[K'
if ! wait "$npm_pid"; then
  npm_pid=
  sed '/^npm error *$/,$d; s/^/  /' "$log" | head -n 12 >&2
  fail 'npm could not install the packages (its words are above).' 'Check the network, the proxy and the disk (df -h .), then run the same command again; it goes on where it stopped.'
fi
npm_pid=
# Builds of the engine that the lock file leaves out, each only where it is of use: Metal on a Mac, CUDA (180 MB) or Vulkan (70 MB)
# where a GPU and its libraries are found. KAITO_ENGINE_BUILD names one, or `none`.
build=${KAITO_ENGINE_BUILD:-}
if [ -z "$build" ]; then
  libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)
  has() { case $libraries in *"$1"*) return 0 ;; *) return 1 ;; esac }
  case "$(uname -s) $(uname -m)" in
    Darwin*) build=mac-arm64-metal ;;
    'Linux x86_64')
      if nvidia-smi -L >/dev/null 2>&1 && has libcudart.so.13 && has libcublas.so.13; then
        build=linux-x64-cuda
      elif [ -n "$(ls /dev/dri/renderD* 2>/dev/null)" ] && has libvulkan.so.1; then
        build=linux-x64-vulkan
      fi
      ;;
  esac
fi
if [ -n "$build" ] && [ "$build" != none ] && [ ! -d "node_modules/@node-llama-cpp/$build" ]; then
  engine=$(sed -n 's/.*"node-llama-cpp": "\([^"]*\)".*/\1/p' packages/server/package.json)
  say "adding the inference engine's $build build"
  # shellcheck disable=SC2086
  npm install --no-save $omit --loglevel=error "@node-llama-cpp/$build@$engine" </dev/null ||
    fail "npm could not install the $build build of the inference engine." 'Check the network and run the same command again, or set KAITO_ENGINE_BUILD=none to serve on the CPU.'
fi
[ -x node_modules/.bin/node ] || fail 'npm installed no pinned Node for this platform.' 'Run: npm ci --include=optional'
touch node_modules/.kaito-installed
! $dev || touch node_modules/.kaito-installed-dev
say "installed Node $(node_modules/.bin/node --version) in $(($(date +%s) - start)) s"

#!/bin/sh
# `npm run walkthrough`: installs what it needs, then runs it with the pinned Node.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
sh "$root/tools/install.sh" --dev >&2
PATH="$root/node_modules/.bin:$PATH"
export PATH
exec node --disable-warning=ExperimentalWarning "$root/lab/walkthrough/src/main.ts" "$@"

#!/bin/sh
# `npm test`: installs what the tests need, then runs every tier that this machine can run.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
sh "$root/tools/install.sh" --dev
PATH="$root/node_modules/.bin:$PATH"
export PATH
exec node --disable-warning=ExperimentalWarning "$root/tools/test.ts" "$@"

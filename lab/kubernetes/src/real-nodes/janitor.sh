#!/bin/sh
# Cleans up after a lab, however it ends: `janitor.sh CGROUP NODES DIRECTORY TEMPORARY(0|1)`. Standard input ends when the lab has ended.
# A temporary directory is removed, unless the lab left word in it of why it failed.
cat > /dev/null
sh "$(dirname "$0")/remove-cgroups.sh" "$1"
remove() {
  tries=0
  until rm -rf "$1" 2> /dev/null || [ $tries -ge 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
}
remove "$2"
[ "$4" = 0 ] || [ -e "$3/failure" ] || remove "$3"

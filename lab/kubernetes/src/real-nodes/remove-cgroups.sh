#!/bin/sh
# Removes a cgroup and those below it from every hierarchy: `remove-cgroups.sh PATH`. Those whose processes are still ending are waited for.
for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -d "$root$1" ] || continue
  tries=0
  while [ -d "$root$1" ] && [ $tries -lt 200 ]; do
    find "$root$1" -depth -type d -exec rmdir {} + 2> /dev/null && break
    tries=$((tries + 1))
    sleep 0.05
  done
done
exit 0

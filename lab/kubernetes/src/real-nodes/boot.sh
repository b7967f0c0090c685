#!/bin/sh
# The first process of a node's network, mount, process and host name namespaces: makes the machine, and runs on it what a node runs.
# Everything that it mounts or writes outside the node's own folder vanishes with it. A line on standard input says that the network is there.
#
# NODE_NAME, NODE_ADDRESS (with prefix), NODE_GATEWAY; NODE_HOME: the node's own folder; NODE_CGROUP: below each hierarchy's root;
# NODE_KUBE: the program with kubelet and kube-proxy; NODE_LOG: beginning of the logs' names; NODE_DISK_GIB: empty for the disk as it is;
# NODE_KUBELET_FLAGS.
set -eu

# What belongs to the machine under this one stays as it is: changes go to memory.
own=/run/node
mount -t tmpfs tmpfs /run
mkdir -p $own /run/lock /run/netns
mount --bind "$NODE_HOME" $own
for folder in /etc /var/lib /var/log; do
  layers=/run/layers$folder
  mkdir -p $layers/upper $layers/work
  mount -t overlay -o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" overlay $folder
done

# The kubelet sets these for the whole machine: let it write into copies.
mkdir -p /run/sys/vm /run/sys/kernel/keys
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  [ -e /proc/sys/$setting ] || continue
  cat /proc/sys/$setting > /run/sys/$setting
  mount --bind /run/sys/$setting /proc/sys/$setting
done

mkdir -p $own/pods $own/kubelet $own/containerd $own/logs $own/tmp
mkdir -p /var/lib/kubelet /var/lib/containerd /var/log/pods /var/log/containers
# The kubelet reports the size of the file system of its folder; what pods write lies in `pods`, on the real disk.
if [ -n "$NODE_DISK_GIB" ]; then mount -t tmpfs -o "size=${NODE_DISK_GIB}G" tmpfs /var/lib/kubelet
else mount --bind $own/kubelet /var/lib/kubelet; fi
mkdir -p /var/lib/kubelet/pods /var/lib/kubelet/device-plugins
mount --bind $own/pods /var/lib/kubelet/pods
mount --bind $own/containerd /var/lib/containerd
mount --bind $own/logs /var/log/pods
[ ! -e $own/lab-gpus ] || cp $own/lab-gpus /var/lib/kubelet/device-plugins/
cp $own/hosts /etc/hosts
rm -f /etc/resolv.conf
echo "nameserver $NODE_GATEWAY" > /etc/resolv.conf
mount --make-rshared /

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  parent=/sys/fs/cgroup
  for part in $(echo "$NODE_CGROUP" | tr / ' '); do
    for controller in $(cat $parent/cgroup.controllers); do
      echo "+$controller" > $parent/cgroup.subtree_control 2> /dev/null || true
    done
    parent=$parent/$part
    mkdir -p "$parent"
  done
else
  for hierarchy in /sys/fs/cgroup/*/; do
    [ -e "${hierarchy}cgroup.procs" ] && [ ! -e "${hierarchy}cgroup.controllers" ] || continue
    mkdir -p "${hierarchy%/}$NODE_CGROUP"
    [ -e "${hierarchy}cpuset.cpus" ] || continue
    parent=${hierarchy%/}
    for part in $(echo "$NODE_CGROUP" | tr / ' '); do
      for set in cpus mems; do
        read -r value < "$parent/cpuset.$set"
        echo "$value" > "$parent/$part/cpuset.$set"
      done
      parent=$parent/$part
    done
  done
fi

read -r _
hostname "$NODE_NAME"
ip link set lo up
ip address add "$NODE_ADDRESS" dev eth0
ip link set eth0 up
ip route add default via "$NODE_GATEWAY"
echo 1 > /proc/sys/net/ipv4/ip_forward

# As a machine's init does: what ends is started again.
keep() {
  log=$1
  shift
  while :; do
    "$@" >> "$NODE_LOG.$log.log" 2>&1 < /dev/null || true
    sleep 1
  done
}

export TMPDIR=$own/tmp
keep containerd containerd --config $own/containerd.toml &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.02; done
for image in $own/images/*.tar; do
  ctr --namespace k8s.io images import "$image" > /dev/null
done
rm -rf $own/images
# shellcheck disable=SC2086 # several flags
keep kubelet "$NODE_KUBE" kubelet --config $own/kubelet.json --kubeconfig $own/kubelet.kubeconfig --hostname-override "$NODE_NAME" \
  --node-ip "${NODE_ADDRESS%/*}" $NODE_KUBELET_FLAGS &
keep kube-proxy "$NODE_KUBE" kube-proxy --config $own/kube-proxy.json &
wait

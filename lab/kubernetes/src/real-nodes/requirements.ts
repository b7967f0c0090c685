import { LabError } from '../error.ts';
import { run } from '../run.ts';

/** unshare's flags for a node's namespaces. */
export const nodeIsolation = ['--net', '--mount', '--pid', '--uts', '--fork', '--kill-child', '--mount-proc'] as const;

/** What a node needs of its machine, tried in namespaces that end with it; the cgroup is removed at once. */
const trial = `
set -e
for root in /sys/fs/cgroup /sys/fs/cgroup/memory; do
  [ -e $root/cgroup.procs ] || continue
  mkdir $root/kaito-lab-trial-$1 && rmdir $root/kaito-lab-trial-$1
done
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
ip link add one type veth peer name two
`;

/**
 * @throws LabError where this machine cannot have real nodes. Root is needed: a user namespace may neither make cgroups, which the kubelet
 * puts each pod into, nor the device nodes of containers.
 */
export async function checkRealNodes(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new LabError(
      'real nodes need root: the kubelet puts each pod into a cgroup, and only root of the machine itself may make those',
      'run the lab as root, or use simulated nodes (npm run lab -- nodes add, without --real)',
    );
  }
  try {
    await Promise.all([run('apt-get', ['--version']), run('dpkg', ['--version'])]);
  } catch (error) {
    throw new LabError(
      'real nodes are made of Debian packages, which apt-get and dpkg fetch and unpack: they were not found',
      'run the lab on Debian or a system that is made from it',
      { cause: error },
    );
  }
  try {
    await run('unshare', [...nodeIsolation, 'sh', '-c', trial, 'trial', String(process.pid)]);
  } catch (error) {
    throw new LabError(
      `this machine cannot have real nodes: ${error instanceof Error ? error.message.split('\n').at(-1) : String(error)}`,
      'they need Linux with writable cgroups, overlay file systems and veth devices: run the lab outside a container, or in a privileged one',
      { cause: error },
    );
  }
}

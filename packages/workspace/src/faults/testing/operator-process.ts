import { type ChildProcess, spawn } from 'node:child_process';

const main = new URL('../../main.ts', import.meta.url).pathname;

/** A kubeconfig for a proxy that asks for no credentials. */
export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'nobody' } }],
    'current-context': 'lab',
  });
}

/** The operator as a process of its own, with election by a Lease of two seconds in `namespace`. */
export function startProcess(kubeconfig: string, namespace: string): ChildProcess {
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    `--namespace=${namespace}`,
    '--lease-duration=2',
    '--renew-deadline=1.5',
    '--retry-period=0.3',
    '--webhook=false',
    '--health-port=0',
    '--metrics-port=0',
    '--server-image=registry.example/kaito-server:1.0.0',
  ];
  return spawn(process.execPath, [main, ...flags], { stdio: 'inherit' });
}

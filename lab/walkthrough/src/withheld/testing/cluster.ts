import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Workspace, findCondition, isTrue } from '@kaito/api';
import {
  type Live,
  type StreamingClient,
  createClient,
  loadConfig,
  nodes,
  resource,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne } from '@kaito/kube/testing';
import { expect } from 'vitest';
import { environmentInside } from '../../environment/inside.ts';

const execute = promisify(execFile);

const workspaces = resource<Live<Workspace>>({ group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' });

/** For what boots a machine, pulls an image or waits for the kubelet's back-off, ms. */
const patienceMs = 200_000;

/** The seed's cluster and registry with a person before them, who has done nothing beyond making them. */
export interface Cluster {
  readonly client: StreamingClient;
  /** Runs what a person types. @returns what it prints. @throws Error with what it says */
  shell(command: string, options?: { readonly input?: string }): Promise<string>;
  /** Calls what only a lab has. */
  admin(method: string, path: string, body?: object): Promise<void>;
  /** Waits until a Workspace tells a root cause of this code, with these words in its message. @returns what mends it, which its condition says too */
  remedy(workspace: string, code: string, words: string): Promise<string>;
  /** Waits until a Workspace is Ready. */
  ready(workspace: string): Promise<void>;
  /** Waits until nothing is left of a Workspace, and so many nodes. */
  gone(workspace: string, nodesLeft: number): Promise<void>;
  close(): void;
}

/** Runs the seed's first block. @throws Error outside the environment of a walkthrough */
export async function makeCluster(): Promise<Cluster> {
  const { directory, variables } = await environmentInside(process.env);
  const namespace = 'default';
  const shell: Cluster['shell'] = async (command, { input = '' } = {}) => {
    const running = execute('bash', ['-c', command], { cwd: directory, env: variables });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  await shell('az group create -n KaitoLab -l westus3');
  await shell('az acr create -g KaitoLab -n kaitolab --sku Standard');
  await shell('az aks create -g KaitoLab -n kaito --enable-oidc-issuer --enable-ai-toolchain-operator');
  await shell('az aks get-credentials -g KaitoLab -n kaito');
  const config = loadConfig({
    clock: systemClock,
    kubeconfig: join(variables['HOME']!, '.kube', 'config'),
    terminal: false,
  });
  const client = createClient(config, { clock: systemClock, logger: silentLogger, userAgent: 'walkthrough-test' });
  const workspace = async (name: string, predicate: (found: Live<Workspace>) => boolean) =>
    await eventuallyOne(client, workspaces, { namespace, name }, predicate, patienceMs);
  return {
    client,
    shell,
    async admin(method, path, body = {}) {
      const answer = await fetch(`${variables['KAITO_AZURE_ADMIN']}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    },
    async remedy(name, code, words) {
      const tells = ({ status }: Workspace): boolean =>
        status?.rootCause?.code === code && status.rootCause.message.includes(words);
      const { status } = await workspace(name, tells);
      const { remedy = '' } = status!.rootCause!;
      expect(findCondition(status?.conditions, 'WorkspaceReady')?.message).toContain(`Remedy: ${remedy}`);
      return remedy;
    },
    async ready(name) {
      await workspace(name, ({ status }) => isTrue(status?.conditions, 'WorkspaceReady'));
    },
    async gone(name, nodesLeft) {
      await eventuallyGone(client, workspaces, { namespace, name }, patienceMs);
      await eventually({ client, resource: nodes }, (all) => all.length === nodesLeft, patienceMs);
    },
    close: () => client.close(),
  };
}

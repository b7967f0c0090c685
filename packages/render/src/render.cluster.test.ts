import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceLabel } from '@kaito/api';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderNodeClaim } from './node-claim.ts';
import { render } from './render.ts';
import { cases, planFor, serverImage } from './testing/cases.ts';
import { objectsOf } from './to-yaml.ts';

// Against the API server that KUBECONFIG names (`npm run lab -- exec`).
const namespace = `render-${process.pid}`;
const kubectl = (args: readonly string[], input = ''): string =>
  execFileSync('kubectl', [...args], { input, encoding: 'utf8', maxBuffer: 64 << 20 });

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** Everything rendered for a case, without owner, in this test's namespace. */
function objects(name: string): object[] {
  const { uid: _, ...metadata } = cases[name]!.metadata;
  const workspace = { ...cases[name]!, metadata: { ...metadata, namespace } };
  return [...objectsOf(render(planFor(workspace), workspace, { serverImage }))];
}

/** Paths in `desired` that `live` holds differently. */
function differences(desired: unknown, live: unknown, path = ''): string[] {
  if (Array.isArray(desired)) {
    if (!Array.isArray(live) || live.length !== desired.length) return [`${path}: ${JSON.stringify(live)}`];
    return desired.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`));
  }
  if (typeof desired === 'object' && desired !== null) {
    return Object.entries(desired).flatMap(([key, value]) =>
      differences(value, (live as Record<string, unknown> | undefined)?.[key], `${path}.${key}`),
    );
  }
  return desired === live ? [] : [`${path}: ${JSON.stringify(live)} instead of ${JSON.stringify(desired)}`];
}

beforeAll(() => {
  kubectl(['create', 'namespace', namespace]);
});

afterAll(() => {
  kubectl(['delete', 'namespace', namespace, '--wait=false']);
});

describe('the API server', () => {
  test('accepts what is rendered, and gives back every field as it was sent', () => {
    const sent = Object.keys(cases).flatMap(objects);
    kubectl(['create', '--validate=strict', '-f', '-'], list(sent));
    const answer = JSON.parse(kubectl(['get', 'services,deployments,statefulsets', '-n', namespace, '-o', 'json'])) as {
      items: { kind: string; metadata: { name: string } }[];
    };
    const live = new Map(answer.items.map((item) => [`${item.kind}/${item.metadata.name}`, item]));
    expect(live.size).toBe(sent.length);
    for (const object of sent as { kind: string; metadata: { name: string } }[]) {
      expect(differences(object, live.get(`${object.kind}/${object.metadata.name}`))).toEqual([]);
    }
  });

  test('accepts the NodeClaims, and gives back every field as it was sent', () => {
    kubectl([
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      new URL('../../../charts/kaito/files/crds/karpenter.sh_nodeclaims.yaml', import.meta.url).pathname,
    ]);
    kubectl(['wait', '--for=condition=Established', 'crd/nodeclaims.karpenter.sh', '--timeout=100s']);
    const claims = ['private-image', 'adapters', 'template'].map((name) =>
      renderNodeClaim(planFor(cases[name]!), cases[name]!, { ordinal: 0, attempt: process.pid }),
    );
    const names = claims.map(({ metadata }) => metadata.name!);
    expect(new Set(names).size).toBe(1);
    for (const claim of claims) {
      const live: unknown = JSON.parse(
        kubectl(['create', '--validate=strict', '-o', 'json', '-f', '-'], JSON.stringify(claim)),
      );
      kubectl(['delete', 'nodeclaim', claim.metadata.name!, '--wait']);
      expect(differences(claim, live)).toEqual([]);
    }
  });

  test('accepts what docs/exposing.md shows, which leads to what is rendered', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/exposing.md'), 'utf8');
    const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((block) => block[1]!);
    const stored = kubectl(
      ['create', '--validate=strict', '-n', namespace, '-o', 'json', '-f', '-'],
      blocks.join('---\n'),
    );
    const [ingress, policy] = JSON.parse(`[${stored.replaceAll(/^}\n{/gm, '},{')}]`) as [Ingress, NetworkPolicy];
    const { services, workload } = render(planFor(cases['phi-2']!), cases['phi-2']!, { serverImage });
    const backend = ingress.spec!.rules![0]!.http!.paths[0]!.backend.service!;
    expect(backend.name).toBe(services[0]!.metadata.name);
    expect(services[0]!.spec['ports']).toContainEqual(expect.objectContaining({ name: backend.port!.name, port: 80 }));
    expect(policy.spec!.podSelector.matchLabels).toEqual({ [workspaceLabel]: backend.name });
    expect(workload.spec).toHaveProperty(
      'template.metadata.labels',
      expect.objectContaining({ [workspaceLabel]: backend.name }),
    );
    expect(workload.spec).toHaveProperty(
      'template.spec.containers.0.ports.0.containerPort',
      policy.spec!.ingress![0]!.ports![0]!.port,
    );
  });
});

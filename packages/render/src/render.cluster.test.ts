import { execFileSync } from 'node:child_process';
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
      new URL('../../../charts/kaito/crds/karpenter.sh_nodeclaims.yaml', import.meta.url).pathname,
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
});

import { loadCatalog } from '@kaito/catalog';
import { createAdmissionServer, fixedCertificate, systemClock } from '@kaito/kube';
import type { Logger } from '@kaito/kube';
import { ReviewClient, reviewOf, testCertificate } from '@kaito/kube/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhookPaths } from './configuration.ts';
import { webhookHandlers } from './handlers.ts';
import { mutant } from './testing/mutant.ts';
import { withTemplate, workspaceWith } from './testing/workspaces.ts';

const seed = 2_024;
const faults: string[] = [];
const logger: Logger = {
  log: (level, message, fields) => {
    if (level === 'warn' || level === 'error') faults.push(`${message}: ${String(fields?.['error'])}`);
  },
  with: () => logger,
};
const ending = new AbortController();
let ended: Promise<void>;
let client: ReviewClient;

beforeAll(async () => {
  const { authorities, pair } = await testCertificate();
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: webhookHandlers({ catalog: loadCatalog(), presetRegistry: 'mcr.microsoft.com/aks/kaito' }),
    certificate: fixedCertificate(pair),
    clock: systemClock,
    logger,
    drainMs: 0,
  });
  ended = server.run(ending.signal);
  await server.ready!(ending.signal);
  client = new ReviewClient(server.url!, authorities);
});
afterAll(async () => {
  client.close();
  ending.abort();
  await ended;
});

/** Asks, and checks all that holds for every answer. */
async function asked(path: string, body: string, uid: string): Promise<boolean> {
  const { status, body: text } = await client.send(path, body);
  expect(faults.splice(0)).toEqual([]);
  expect(status).toBe(200);
  const { response } = JSON.parse(text) as {
    response: { uid: string; allowed: boolean; status?: { code: number; message: string }; warnings?: string[] };
  };
  expect(response.uid).toBe(uid);
  if (response.allowed) expect(response.status).toBeUndefined();
  else {
    expect(response.status!.code).toBe(400);
    expect(response.status!.message).toMatch(/^validation failed: \S/);
  }
  for (const warning of response.warnings ?? []) expect([...warning].length).toBeLessThanOrEqual(256);
  return response.allowed;
}

test('thousands of Workspaces, right, nearly right and wrong: each gets an answer', async () => {
  const verdicts = new Map<boolean, number>();
  await fc.assert(
    fc.asyncProperty(mutant, fc.option(mutant, { freq: 2 }), fc.uuid(), async (object, oldObject, uid) => {
      const review = reviewOf(object, { uid, ...(oldObject === null ? {} : { oldObject }) });
      const allowed = await asked(webhookPaths.workspace, JSON.stringify(review), uid);
      verdicts.set(allowed, (verdicts.get(allowed) ?? 0) + 1);
    }),
    { seed, numRuns: 4_000 },
  );
  // The fuzz is worth something only where it meets both answers often.
  expect(verdicts.get(true)).toBeGreaterThan(200);
  expect(verdicts.get(false)).toBeGreaterThan(200);
});

test('node classes of any shape', async () => {
  const nodeClass = fc.json({ maxDepth: 4 }).map((text) => ({
    apiVersion: 'kaito.sh/v1alpha1',
    kind: 'KaitoNodeClass',
    metadata: { name: 'a' },
    spec: JSON.parse(text) as unknown,
  }));
  await fc.assert(
    fc.asyncProperty(nodeClass, fc.uuid(), async (object, uid) => {
      await asked(webhookPaths.nodeClass, JSON.stringify(reviewOf(object, { uid })), uid);
    }),
    { seed, numRuns: 300 },
  );
});

test('bodies with damaged bytes: a Status or a verdict, and the next one is served', async () => {
  const whole = Buffer.from(JSON.stringify(reviewOf(workspaceWith())));
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
      const bytes = Buffer.from(whole.subarray(0, length === 0 ? whole.length : length));
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      const answer = await client.send(webhookPaths.workspace, bytes.toString('latin1'));
      expect([200, 400]).toContain(answer.status);
      const { kind } = JSON.parse(answer.body) as { kind: string };
      expect(kind).toBe(answer.status === 200 ? 'AdmissionReview' : 'Status');
      expect(faults.splice(0)).toEqual([]);
    }),
    { seed, numRuns: 1_000 },
  );
});

test('an object as deep and as large as the API server lets through', async () => {
  const container = { name: 'main', image: 'registry.example.com/model:1' };
  // Go's JSON decoder gives up at 10,000 levels, and the API server takes requests of 3 MiB.
  const depth = 9_900;
  const deep = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as unknown;
  const env = Array.from({ length: 25_000 }, (_, index) => ({ name: `VARIABLE_${index}`, value: 'x'.repeat(60) }));
  const objects = [{ deep }, { env }].map((extra) =>
    withTemplate({ spec: { containers: [{ ...container, ...extra }] } }),
  );
  const answers: boolean[] = [];
  for (const object of objects) {
    for (const oldObject of [undefined, withTemplate(), object]) {
      const uid = String(answers.length);
      const review = reviewOf(object, { uid, ...(oldObject === undefined ? {} : { oldObject }) });
      answers.push(await asked(webhookPaths.workspace, JSON.stringify(review), uid));
    }
  }
  expect(answers).toEqual([false, false, true, true, true, true]);
});

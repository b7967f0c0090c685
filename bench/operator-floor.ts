/**
 * The floor of bench/operator.ts: a bare client that does for each Workspace the writes that the operator was seen to do, in their order, over
 * bare node:https with kept-alive connections and as many Workspaces at once. It decides nothing and keeps nothing, but it waits as it must:
 * for the node, and for the Deployment to serve. Usage: node bench/operator-floor.ts RECORDING CONCURRENCY
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { loadConfig, systemClock } from '@kaito/kube';
import type { RecordedWrite } from './operator/recording.ts';

const recordedPrefix = 'recorded-';

const [recording, concurrency] = process.argv.slice(2);
const writes = JSON.parse(readFileSync(recording!, 'utf8')) as RecordedWrite[];
const config = loadConfig({ clock: systemClock });
const credential = await config.credentials.current();
const secure = { ca: config.authorities(), cert: credential.certificate, key: credential.key, keepAlive: true };
const calls = new Agent({ ...secure, maxSockets: 32 });
const streams = new Agent(secure);

interface Seen {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number; readonly conditions?: { type: string; status: string }[] };
}

const gates = new Map<string, { readonly open: () => void; readonly opened: Promise<void> }>();

/** What may be waited for before or after it happens. */
function gate(name: string): { readonly open: () => void; readonly opened: Promise<void> } {
  let found = gates.get(name);
  if (found === undefined) {
    const { promise, resolve } = Promise.withResolvers<void>();
    found = { open: resolve, opened: promise };
    gates.set(name, found);
  }
  return found;
}

function watch(path: string, see: (object: Seen) => void): void {
  const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  request(`${config.server}${path}?${query}`, { agent: streams }, (response) => {
    if (response.statusCode !== 200) throw new Error(`watch of ${path}: ${response.statusCode}`);
    createInterface({ input: response }).on('line', (line) => {
      const { type, object } = JSON.parse(line) as { type: string; object: Seen };
      if (type === 'ADDED' || type === 'MODIFIED') see(object);
    });
  }).end();
}

function write({ method, path, type, body }: RecordedWrite, fill: (text: string) => string): Promise<void> {
  const text = Buffer.from(fill(body));
  const url = `${config.server}${fill(path)}`;
  const headers = { 'content-type': type, 'content-length': text.length };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: calls, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) < 300) resolve();
        else reject(new Error(`${method} ${url}: ${response.statusCode} ${answer}`));
      });
    });
    sent.on('error', reject).end(text);
  });
}

let free = Number(concurrency);
const queue: (() => Promise<void>)[] = [];

/** So many at once; a Workspace that waits holds no place, as in the operator. */
function work(job?: () => Promise<void>): void {
  if (job !== undefined) queue.push(job);
  while (free > 0 && queue.length > 0) {
    free -= 1;
    void queue.shift()!().finally(() => {
      free += 1;
      work();
    });
  }
}

function serve(name: string, uid: string): void {
  const claim = `ws${uid.replaceAll('-', '').slice(0, 9)}`;
  const fill = (text: string): string =>
    text.replaceAll('{claim}', claim).replaceAll('{uid}', uid).replaceAll('{name}', name);
  const step = (after: RecordedWrite['after']) => async () => {
    for (const each of writes) if (each.after === after) await write(each, fill);
  };
  work(step('start'));
  void gate(`node ${name}`).opened.then(() => work(step('node')));
  void gate(`serving ${name}`).opened.then(() => work(step('serving')));
}

const begun = new Set<string>();
watch('/apis/kaito.sh/v1beta1/workspaces', ({ metadata: { name, uid } }) => {
  if (begun.has(uid) || name.startsWith(recordedPrefix)) return;
  begun.add(uid);
  serve(name, uid);
});
watch('/api/v1/nodes', ({ metadata, status }) => {
  if (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') !== true) return;
  gate(`node ${metadata.labels?.['kaito.sh/workspace']}`).open();
});
watch('/apis/apps/v1/deployments', ({ metadata, spec, status }) => {
  if ((status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1)) gate(`serving ${metadata.name}`).open();
});
process.once('SIGTERM', () => process.exit());

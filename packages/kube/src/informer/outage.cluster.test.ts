import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createClient } from '../client/create-client.ts';
import { silentLogger } from '../logger.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { until } from '../testing/until.ts';
import { createInformer } from './create-informer.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
});

afterAll(() => cluster.close());

/** A wire to the API server that can be cut, refused and mended. */
async function wire(server: URL) {
  const sockets = new Set<Socket>();
  let up = true;
  const listener = createServer((near) => {
    if (!up) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(server.port), server.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    down() {
      up = false;
      cut();
    },
    mend: () => void (up = true),
    async close() {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}

test('an informer misses nothing through cut connections and an outage, and resumes without a new list', async () => {
  const line = await wire(new URL(cluster.config.server));
  const verbs: string[] = [];
  const client = createClient(
    { ...cluster.config, server: line.url },
    { clock: systemClock, logger: silentLogger, onRequest: ({ verb, code }) => code === 200 && verbs.push(verb) },
  );
  const informer = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    namespace,
    labelSelector: 'through=wire',
    clock: systemClock,
    logger: silentLogger,
    freeze: true,
  });
  const end = new AbortController();
  const running = informer.run(end.signal);
  const write = (name: string) =>
    cluster.client.create(configMaps, configMap(name, { namespace, labels: { through: 'wire' } }));
  const arrived = (count: number) =>
    until(
      () => informer.size === count,
      (changed) => informer.onChange(changed),
      () => `${informer.size} are ${count}`,
    );
  try {
    await informer.whenSynced();
    for (let round = 1; round <= 5; round += 1) {
      await write(`cut-${round}`);
      line.cut();
      await write(`after-${round}`);
      await arrived(2 * round);
    }
    line.down();
    await write('during');
    await cluster.client.delete(configMaps, { namespace, name: 'cut-1' });
    line.mend();
    await until(
      () => informer.get(`${namespace}/during`) !== undefined && informer.get(`${namespace}/cut-1`) === undefined,
      (changed) => informer.onChange(changed),
    );
    expect(informer.size).toBe(10);
    expect(verbs.filter((verb) => verb === 'list')).toHaveLength(1);
    expect(verbs.filter((verb) => verb === 'watch').length).toBeGreaterThanOrEqual(2);
  } finally {
    end.abort();
    await running;
    client.close();
    await line.close();
  }
});

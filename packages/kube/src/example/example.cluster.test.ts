import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { namespaces, resourceQuotas } from '../resources.ts';
import { eventuallyOne, testCluster } from '../testing/index.ts';

const program = fileURLToPath(new URL('team-quota.ts', import.meta.url));

test('the README shows this program', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const text = (await readFile(program, 'utf8')).replaceAll('../index.ts', '@kaito/kube');
  expect(readme).toContain(`\`\`\`ts\n${text}\`\`\``);
});

test('it keeps the quota of a labelled namespace in place and ends when it is told to', async () => {
  await using cluster = await testCluster();
  const { client } = cluster;
  const namespace = await cluster.namespace();
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    await client.patch(
      namespaces,
      { name: namespace },
      { type: 'merge', body: { metadata: { labels: { team: 'a' } } } },
    );
    const ref = { namespace, name: 'team' };
    const first = await eventuallyOne(client, resourceQuotas, ref, ({ spec }) => spec?.hard?.['pods'] === '20');
    await client.delete(resourceQuotas, ref);
    await eventuallyOne(client, resourceQuotas, ref, ({ metadata }) => metadata.uid !== first.metadata.uid);
    for await (const line of createInterface({ input: child.stdout })) {
      // Only once: a second one would end it at once, as it should.
      if (line.includes(`quota of ${namespace} is in place`) && !child.killed) child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

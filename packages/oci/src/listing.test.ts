import { expect, it } from 'vitest';
import { RegistryClient } from './registry.ts';
import { instantTiming, startStubServer } from './testing/stub-server.ts';

const client = () => new RegistryClient({ timing: instantTiming() });

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}

it('follows the pages of tags, on the registry alone', async () => {
  await using server = await startStubServer((request, response) => {
    const last = new URL(request.path, server.url).searchParams.get('last');
    const link = {
      undefined: '</v2/a/b/tags/list?last=t2>; rel="next"',
      t2: `<${server.url}/v2/a/b/tags/list?last=t3>; rel=next`,
    };
    const next = link[(last ?? 'undefined') as keyof typeof link] ?? '<http://elsewhere.test/v2/>; rel="next"';
    response.setHeader('link', next);
    const tags = last === null ? ['t1', 't2'] : last === 't2' ? ['t3'] : ['t4'];
    response.end(JSON.stringify({ name: 'a/b', tags }));
  });
  expect(await all(client().tags({ registry: server.host, repository: 'a/b' }))).toEqual(['t1', 't2', 't3', 't4']);
  expect(server.requests[0]?.path).toBe('/v2/a/b/tags/list?n=1000');
});

it('ends where a registry gives the same page for ever', async () => {
  await using server = await startStubServer((request, response) => {
    response.setHeader('link', `<${request.path}>; rel="next"`);
    response.end('{"repositories":["a"]}');
  });
  expect(await all(client().repositories(server.host))).toEqual(['a']);
  expect(server.requests).toHaveLength(2);
});

it('takes null for no tags, and refuses what is no list', async () => {
  let body = '{"name":"a","tags":null}';
  await using server = await startStubServer((_, response) => void response.end(body));
  const tags = () => all(client().tags({ registry: server.host, repository: 'a' }));
  expect(await tags()).toEqual([]);
  for (body of ['<html>', '{"tags":"x"}']) await expect(tags()).rejects.toMatchObject({ code: 'ServerError' });
});

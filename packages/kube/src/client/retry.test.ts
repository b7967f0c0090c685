import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import type { Credentials } from '../config/cluster-config.ts';
import { pods } from '../resources.ts';
import type { Live } from '../resources.ts';
import { clientOf, failure, stub } from '../testing/stub-client.ts';
import { answerJson, refuse } from '../testing/stub-server.ts';
import { ApiError, isConflict } from './errors.ts';

const pod: Live<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
const ref = { name: 'a', namespace: 'n' };

test('a Status is kept as data', async () => {
  const server = await stub((_, response) => refuse(response, 409, 'Conflict'));
  const error = await failure(clientOf(server.config).replace(pods, pod));
  expect(isConflict(error)).toBe(true);
  expect(error).toMatchObject({ status: { code: 409 }, message: 'replace pods n/a: Conflict, says the stub' });
});

test('a proxy’s page becomes a sentence', async () => {
  const server = await stub((_, response) => {
    response.writeHead(502, { 'content-type': 'text/html' });
    response.end('<html><h1>Bad  gateway</h1></html>');
  });
  const error = await failure(clientOf(server.config).get(pods, ref));
  expect(error).toMatchObject({ status: { code: 502, message: 'the server answered 502: Bad gateway' } });
});

test('429 and 503 are waited out as the server says, a limited number of times', async () => {
  let left = 2;
  const server = await stub((_, response) => {
    left -= 1;
    if (left >= 0) refuse(response, left === 1 ? 429 : 503, 'TooManyRequests', { 'retry-after': '0' });
    else answerJson(response, 200, pod);
  });
  await expect(clientOf(server.config).get(pods, ref)).resolves.toEqual(pod);
  expect(server.requests).toHaveLength(3);
  left = 100;
  expect(await failure(clientOf(server.config).get(pods, ref))).toBeInstanceOf(ApiError);
  expect(server.requests).toHaveLength(7);
});

test('what must not be repeated is not: a create after 503, an eviction after 429, a long wait', async () => {
  const server = await stub((request, response) => {
    const eviction = request.url.includes('eviction');
    refuse(response, eviction ? 429 : 503, 'X', { 'retry-after': request.method === 'GET' ? '60' : '0' });
  });
  const client = clientOf(server.config);
  expect(await failure(client.create(pods, pod))).toBeInstanceOf(ApiError);
  expect(await failure(client.create(pods, pod, { subresource: 'eviction' }))).toBeInstanceOf(ApiError);
  expect(await failure(client.get(pods, ref))).toMatchObject({ retryAfterSeconds: 60 });
  expect(server.requests).toHaveLength(3);
});

test('a reset before the answer is repeated for reads alone', async () => {
  let resets = 1;
  const server = await stub((_, response, socket) => {
    resets -= 1;
    if (resets >= 0) socket.destroy();
    else answerJson(response, 200, pod);
  });
  const client = clientOf(server.config);
  await expect(client.get(pods, ref)).resolves.toEqual(pod);
  expect(server.requests).toHaveLength(2);
  resets = 1;
  expect(await failure(client.create(pods, pod))).toMatchObject({ code: 'ECONNRESET' });
  expect(server.requests).toHaveLength(3);
});

test('401 refreshes the credentials once', async () => {
  const server = await stub((request, response) =>
    request.headers.authorization === 'Bearer good'
      ? answerJson(response, 200, pod)
      : refuse(response, 401, 'Unauthorized'),
  );
  let token = 'old';
  let next = 'good';
  const credentials: Credentials = {
    current: () => ({ token }),
    refused() {
      token = next;
      return true;
    },
  };
  const client = clientOf(server.configWith(credentials));
  await expect(client.get(pods, ref)).resolves.toEqual(pod);
  expect(server.requests).toHaveLength(2);
  token = 'old';
  next = 'worse';
  expect(await failure(client.get(pods, ref))).toMatchObject({ status: { reason: 'Unauthorized' } });
  expect(server.requests).toHaveLength(4);
});

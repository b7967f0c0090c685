import { describe, expect, it } from 'vitest';
import { testServer } from '../testing/server.ts';

describe('the llama-2 flavours', () => {
  it('continue prompts at /generate, in their order', async () => {
    await using server = await testServer({ service: { api: 'llama-completion' } });
    const ask = async (body: unknown) => {
      const response = await server.post('/generate', body);
      return [response.status, await response.json()];
    };
    expect(await ask({ prompts: ['one', 'two'], parameters: { max_gen_len: 2, other: 'ignored' } })).toEqual([
      200,
      {
        results: [
          { prompt: 'one', response: 'on' },
          { prompt: 'two', response: 'tw' },
        ],
      },
    ]);
    expect(await ask({})).toEqual([400, { detail: 'Prompts are required and should be an array' }]);
    expect(await ask({ prompts: 'x' })).toEqual([400, { detail: 'Prompts are required and should be an array' }]);
    expect(await ask({ prompts: [] })).toEqual([404, { detail: 'No results' }]);
    expect(await ask({ prompts: [7] })).toEqual([400, { detail: 'Request Failed: prompts[0] must be a string' }]);
    const negative = await ask({ prompts: ['x'], parameters: { temperature: -1 } });
    expect(negative).toEqual([
      400,
      { detail: expect.stringContaining('Request Failed: parameters.temperature') as string },
    ]);
    expect((await server.post('/chat', {})).status).toBe(404);
    expect((await server.post('/shutdown', {})).status).toBe(404);
  });

  it('answer conversations at /chat, with roles capitalised', async () => {
    await using server = await testServer({ service: { api: 'llama-chat' } });
    const ask = async (body: unknown) => {
      const response = await server.post('/chat', body);
      return [response.status, await response.json()];
    };
    expect(await ask({ input_data: { input_string: [[{ role: 'user', content: 'hi' }]] } })).toEqual([
      200,
      {
        results: [
          [
            { role: 'User', content: 'hi' },
            { role: 'Assistant', content: 'hi' },
          ],
        ],
      },
    ]);
    expect(await ask({})).toEqual([400, { detail: 'Input data is required' }]);
    expect(await ask({ input_data: {} })).toEqual([400, { detail: 'Input string is required' }]);
    expect(await ask({ input_data: { input_string: [[{ role: 'user' }]] } })).toMatchObject([400, {}]);
    expect(await ask({ input_data: { input_string: [] } })).toEqual([404, { detail: 'No results' }]);
  });

  it('time out as 408', async () => {
    await using server = await testServer({
      service: { api: 'llama-completion', generation: { maxQueue: 4, requestTimeoutMs: 30 } },
      echo: { tokenDelayMs: 20 },
    });
    const response = await server.post('/generate', { prompts: ['x'.repeat(500)] });
    expect([response.status, await response.json()]).toEqual([408, { detail: 'Request Timed Out' }]);
  });
});

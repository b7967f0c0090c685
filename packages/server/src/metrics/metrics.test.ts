import { describe, expect, it } from 'vitest';
import { testServer } from '../testing/server.ts';
import { parseGpuTable } from './gpu-info.ts';

describe('/metrics', () => {
  it('is Prometheus text, with the figures of what was served', async () => {
    await using server = await testServer();
    const chat = { prompt: 'hello', return_full_text: false };
    await (await server.post('/chat', chat)).arrayBuffer();
    await (await server.post('/chat', chat)).arrayBuffer();
    await (await server.post('/chat', { prompt: 1 })).arrayBuffer();
    await (await fetch(`${server.url}/made/up/path`, { method: 'PURGE' })).arrayBuffer();
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await response.text();
    const value = (series: string) =>
      Number(new RegExp(`^${series.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(value('kaito_server_requests_total{route="/chat",method="POST",status="200"}')).toBe(2);
    expect(value('kaito_server_requests_total{route="/chat",method="POST",status="422"}')).toBe(1);
    expect(value('kaito_server_requests_total{route="other",method="other",status="404"}')).toBe(1);
    expect(value('kaito_server_completion_tokens_total')).toBe(10);
    expect(value('kaito_server_time_to_first_token_seconds_count')).toBe(2);
    expect(value('kaito_server_time_per_output_token_seconds_count')).toBe(2);
    expect(value('kaito_server_cached_tokens_total')).toBe(value('kaito_server_prompt_tokens_total') / 2 - 1);
    expect(value('kaito_server_requests_running')).toBe(0);
    expect(value('kaito_server_ready')).toBe(1);
    expect(text).not.toContain('made/up');
  });

  it("is KAITO's list of GPUs where JSON is asked for", async () => {
    await using server = await testServer();
    const response = await fetch(`${server.url}/metrics`, { headers: { Accept: 'application/json' } });
    expect(await response.json()).toEqual({ gpu_info: expect.any(Array) as unknown[] });
  });

  it('has each GPU with the units of KAITO', () => {
    expect(parseGpuTable('0, Tesla T4, 12, 45, 1260, 15360\n')).toEqual([
      {
        id: 0,
        name: 'Tesla T4',
        load: '12.00%',
        temperature: '45.0 C',
        memory: { used: '1.23 GB', total: '15.00 GB' },
      },
    ]);
    expect(parseGpuTable('')).toEqual([]);
  });
});

import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: false });

export interface Timing {
  /** Times by the bench's clock, ms. */
  readonly sent: number;
  /** When each piece of text came. */
  readonly events: readonly number[];
  readonly tokens: number;
}

/** Streams one greedy completion of exactly `tokens` tokens through `POST /v1/completions` and times its events. */
export async function complete(port: number, model: string, prompt: string, tokens: number): Promise<Timing> {
  const body = JSON.stringify({
    model,
    prompt,
    max_tokens: tokens,
    temperature: 0,
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Timing>();
  const sent = performance.now();
  const events: number[] = [];
  let rest = '';
  let counted = 0;
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      path: '/v1/completions',
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json' },
    },
    (incoming) => {
      incoming.setEncoding('utf8');
      incoming.on('data', (text: string) => {
        const now = performance.now();
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          if (!line.startsWith('data: {')) continue;
          const event = JSON.parse(line.slice(6)) as {
            choices: { text: string }[];
            usage?: { completion_tokens: number } | null;
          };
          if (event.usage) counted = event.usage.completion_tokens;
          if (!event.choices[0]?.text) continue;
          events.push(now);
        }
      });
      incoming.on('end', () => {
        if (incoming.statusCode !== 200 || counted !== tokens)
          reject(new Error(`status ${incoming.statusCode}, ${counted} tokens instead of ${tokens}: ${rest}`));
        else resolve({ sent, events, tokens });
      });
      incoming.on('error', reject);
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body);
  return await promise;
}

import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchLine, presetNamed } from './testing/launch-lines.ts';
import { ImageFolder, type RunningPod } from './testing/ranks.ts';
import { smallWeights } from './model/weights.ts';

const mistral = launchLine(presetNamed('mistral-7b-instruct'), 1);
const llama = launchLine(presetNamed('llama-2-7b'), 1);
const distributed = launchLine(presetNamed('llama-2-70b-chat'), 2);
const healthy = { status: 200, body: { status: 'Healthy' } };

let weights: string;
let image: ImageFolder;
beforeAll(async () => {
  weights = await smallWeights(() => {});
});
beforeEach(() => {
  image = new ImageFolder(weights);
});
afterEach(() => image.remove());

const within = { timeout: 60_000, interval: 50 };

/** Pod `ordinal` of two. */
function run(ordinal: number): RunningPod {
  return image.run(distributed, { ordinal, llamaApi: 'llama-chat' });
}

async function becomesHealthy(pod: RunningPod): Promise<void> {
  await expect.poll(() => pod.get('/healthz'), within).toEqual(healthy);
}

async function logs(pod: RunningPod, line: string): Promise<void> {
  await expect.poll(pod.output, within).toContain(`[stand-in] ${line}`);
}

describe('accelerate', () => {
  it("says what it is, and answers mistral's API", async () => {
    const pod = image.run(mistral);
    await becomesHealthy(pod);
    expect(pod.output()).toMatch(/^\[stand-in\] This image of KAITO's lab stands in for a preset's image\./);
    expect(pod.output()).toContain('The weights are quantised and are not loaded as bfloat16.');
    const answer = await pod.post('/chat', {
      prompt: 'Who is Inigo Montoya?',
      return_full_text: false,
      generate_kwargs: { max_length: 60, do_sample: false },
    });
    expect(answer).toEqual({ status: 200, body: { Result: expect.stringMatching(/\w+ \w+/) as string } });
    pod.kill('SIGTERM');
    expect(await pod.exited).toBe(0);
  });

  it('refuses what it does not know with one line', async () => {
    const pod = image.run(`${mistral} --load_in_4bit=true`);
    expect(await pod.exited).toBe(2);
    expect(pod.output()).toBe('inference_api.py: unknown flag --load_in_4bit; known are --pipeline, --torch_dtype');
  });

  it('refuses a script that is not there, as Python would', async () => {
    const pod = image.run(`cd / && ${mistral}`);
    expect(await pod.exited).toBe(2);
    expect(pod.output()).toBe("can't open file '/inference_api.py': [Errno 2] No such file or directory");
  });
});

describe('torchrun on one node', () => {
  it("answers the completion API, with the launch line's limits", async () => {
    const pod = image.run(llama.replace(/--max_seq_len=\d+/, '--max_seq_len=32'), { llamaApi: 'llama-completion' });
    await becomesHealthy(pod);
    const parameters = { max_gen_len: 4, temperature: 0 };
    const { status, body } = await pod.post('/generate', { prompts: ['One, two,', 'Red, green,'], parameters });
    expect(status).toBe(200);
    expect(body).toMatchObject({ results: [{ prompt: 'One, two,' }, { prompt: 'Red, green,' }] });
    expect(await pod.post('/generate', { prompts: ['one '.repeat(40)], parameters })).toMatchObject({ status: 400 });
    pod.kill('SIGTERM');
    expect(await pod.exited).toBe(0);
  });

  it('begins again when the server ends, as often as it may', async () => {
    const failing = new ImageFolder(weights, fileURLToPath(new URL('testing/failing-server.ts', import.meta.url)));
    const pod = failing.run(llama, { llamaApi: 'llama-completion' });
    expect(await pod.exited).toBe(1);
    const ends = pod
      .output()
      .split('\n')
      .filter((line) => line.includes('has ended'));
    expect(ends).toEqual([
      ...[1, 2, 3].map((n) => `[stand-in] Serving has ended (the server: exit code 3). Restart ${n} of 3.`),
      '[stand-in] Serving has ended (the server: exit code 3), and the last of 3 restarts is spent.',
    ]);
    await failing.remove();
  });

  it('refuses to run in the image of another preset', async () => {
    const pod = image.run(llama);
    expect(await pod.exited).toBe(2);
    expect(pod.output()).toMatch(/torchrun starts llama-2's servers; this is another preset's image$/);
  });
});

describe('torchrun on two nodes', () => {
  it('serves once the second rank has come, though it comes late', async () => {
    const leader = run(0);
    await logs(leader, 'Waiting for rank 1.');
    expect(await leader.get('/healthz')).toBeUndefined();
    const other = run(1);
    await becomesHealthy(leader);
    await becomesHealthy(other);
    expect(await other.get('/metrics')).toEqual({ status: 200, body: { gpu_info: [] } });
    expect(await other.get('/chat')).toMatchObject({ status: 404 });
    const messages = [{ role: 'user', content: 'Name a colour.' }];
    const input = { input_data: { input_string: [messages] }, parameters: { max_gen_len: 8, temperature: 0 } };
    expect(await leader.post('/chat', input)).toEqual({
      status: 200,
      body: {
        results: [
          [
            { role: 'User', content: 'Name a colour.' },
            { role: 'Assistant', content: expect.stringMatching(/\w/) as string },
          ],
        ],
      },
    });
  });

  it('is served anew when the second rank was killed and has come back', async () => {
    const early = run(1);
    await logs(early, 'Rank 0 is not there yet: ');
    const leader = run(0);
    await becomesHealthy(leader);
    early.kill('SIGKILL');
    await logs(leader, 'Serving has ended (rank 1 has gone). Restart 1 of 3.');
    await expect.poll(() => leader.get('/healthz'), within).toBeUndefined();
    const back = run(1);
    await becomesHealthy(leader);
    await becomesHealthy(back);
  });

  it('ends the second rank when rank 0 has gone, and both meet again', async () => {
    const [leader, other] = [run(0), run(1)];
    await becomesHealthy(other);
    leader.kill('SIGTERM');
    expect(await leader.exited).toBe(0);
    expect(await other.exited).toBe(1);
    expect(other.output()).toContain('[stand-in] Rank 0 has gone: the connection was closed.');
    const [again, otherAgain] = [run(0), run(1)];
    await becomesHealthy(again);
    await becomesHealthy(otherAgain);
  });
});

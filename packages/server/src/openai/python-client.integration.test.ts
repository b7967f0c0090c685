import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testServer } from '../testing/server.ts';
import type { TestServer } from '../testing/server.ts';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../../../.cache/python-openai/', import.meta.url));
const python = `${folder}bin/python`;
const openaiVersion = '1.109.1';

const has = () =>
  execute(python, ['-c', `import openai; assert openai.__version__ == ${JSON.stringify(openaiVersion)}`]);

/** Installs the official client into the project's cache. Resolves to why it cannot, if so. */
async function install(): Promise<string | undefined> {
  try {
    await has();
    return undefined;
  } catch {
    // Not there yet.
  }
  try {
    await access(python).catch(() => execute('python3', ['-m', 'venv', folder]));
    await execute(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `openai==${openaiVersion}`,
    ]);
    await has();
    return undefined;
  } catch (error) {
    return `The Python client cannot be installed here: ${(error as Error).message.split('\n')[0]}`;
  }
}

const script = `
import json, sys, openai
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="secret", max_retries=0)
say = lambda text: [{"role": "user", "content": text}]
out = {"models": [m.id for m in client.models.list()]}
chat = client.chat.completions.create(model="echo", messages=say("Rain?"), seed=1)
out["chat"] = [chat.choices[0].message.content, chat.choices[0].finish_reason, chat.usage.completion_tokens]
stream = client.chat.completions.create(model="echo", messages=say("Wind ü"), stream=True, stream_options={"include_usage": True})
chunks = list(stream)
out["stream"] = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
out["usage"] = chunks[-1].usage.completion_tokens
out["completion"] = [c.text for c in client.completions.create(model="echo", prompt="abc", n=2, max_tokens=2).choices]
tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"place": {"enum": ["Oslo"]}}, "required": ["place"]}}}
call = client.chat.completions.create(model="echo", messages=say("Oslo?"), tools=[tool], tool_choice="required").choices[0]
out["tool"] = [call.finish_reason, call.message.tool_calls[0].function.name, json.loads(call.message.tool_calls[0].function.arguments)]
schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
held = client.chat.completions.create(model="echo", messages=say("n"), response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
out["schema"] = json.loads(held.choices[0].message.content)
out["embedding"] = len(client.embeddings.create(model="echo", input=["rain", "sun"]).data[1].embedding)
logprobs = client.chat.completions.create(model="echo", messages=say("ab"), logprobs=True, top_logprobs=2).choices[0].logprobs
out["logprobs"] = [t.token for t in logprobs.content]
errors = []
for attempt in (
    lambda: client.chat.completions.create(model="nope", messages=say("x")),
    lambda: client.chat.completions.create(model="echo", messages=say("x"), temperature=9),
    lambda: client.with_options(api_key="wrong").models.list(),
):
    try:
        attempt()
    except openai.APIStatusError as error:
        errors.append([type(error).__name__, error.code, error.param])
out["errors"] = errors
print(json.dumps(out))
`;

describe('the official OpenAI client for Python, unmodified', () => {
  let server: TestServer;
  let reason: string | undefined;
  beforeAll(async () => {
    server = await testServer({ echo: { embeddings: true }, apiKey: 'secret' });
    reason = await install();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is served whole', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { stdout } = await execute(python, ['-c', script, server.url]);
    expect(JSON.parse(stdout)).toEqual({
      models: ['echo'],
      chat: ['Rain?', 'stop', 5],
      stream: 'Wind ü',
      usage: 7,
      completion: ['ab', 'ab'],
      tool: ['tool_calls', 'weather', { place: 'Oslo' }],
      schema: { n: 3 },
      embedding: 8,
      logprobs: ['a', 'b'],
      errors: [
        ['NotFoundError', 'model_not_found', 'model'],
        ['BadRequestError', 'invalid_value', 'temperature'],
        ['AuthenticationError', 'invalid_api_key', null],
      ],
    });
  });
});

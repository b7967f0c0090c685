import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFlags } from './flags.ts';
import type { ServerFlags } from './flags.ts';
import { flagTable, helpText } from './table.ts';

function flagsOf(...argv: string[]): ServerFlags {
  const parsed = parseFlags(argv, 2);
  if (parsed.kind !== 'serve') throw new Error(JSON.stringify(parsed));
  return parsed.flags;
}

describe('the command line', () => {
  it('has safe defaults', () => {
    expect(flagsOf('--model', '/models/Tiny.Q4_1.gguf')).toEqual({
      engine: 'llama',
      model: '/models/Tiny.Q4_1.gguf',
      modelId: 'Tiny.Q4_1',
      api: 'text-generation',
      chatTemplate: 'auto',
      host: '127.0.0.1',
      port: 5000,
      contextLength: undefined,
      parallel: 4,
      threads: 2,
      gpuLayers: 'auto',
      adapters: [],
      embeddings: false,
      apiKeyFile: undefined,
      maxBodyBytes: 1_048_576,
      maxQueue: 64,
      maxTokens: undefined,
      requestTimeoutMs: 600_000,
      drainTimeoutMs: 30_000,
      stallTimeoutMs: 30_000,
      echoTokenDelayMs: 0,
      echoLoadDelayMs: 0,
    });
  });

  it('reads adapters with strength and name', () => {
    const { adapters } = flagsOf(
      '--model=m',
      '--lora',
      '/a=b/x.gguf=0.5',
      '--lora',
      'y.gguf',
      '--adapter-name',
      'pirate',
    );
    expect(adapters).toEqual([
      { name: 'pirate', path: '/a=b/x.gguf', strength: 0.5 },
      { name: 'y', path: 'y.gguf', strength: 1 },
    ]);
  });

  it.each([
    [[], '--model is required'],
    [['--engine', 'vllm'], '--engine must be one of llama, echo, not "vllm"'],
    [['--engine', 'echo', '--model', 'x'], '--model goes with --engine llama only'],
    [['--engine', 'echo', '--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000"'],
    [['--engine', 'echo', '--parallel', '1.5'], '--parallel must be a whole number'],
    [['--engine', 'echo', '--request-timeout', 'NaN'], '--request-timeout must be a number'],
    [['--engine', 'echo', '--prot', '1'], '--prot'],
    [['--engine', 'echo', 'stray'], 'stray'],
    [['--engine', 'echo', '--port'], '--port'],
    [['--model', 'm', '--lora', 'a/x.gguf', '--lora', 'b/x.gguf'], 'Two adapters are named x'],
    [['--model', 'm', '--adapter-name', 'x'], 'more --adapter-name than --lora'],
  ])('refuses %j in one line', (argv, text) => {
    const parsed = parseFlags(argv, 2);
    expect(parsed).toMatchObject({ kind: 'error', message: expect.stringContaining(text) as string });
    expect(parsed.kind === 'error' && parsed.message).not.toContain('\n');
  });

  it('never throws', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom(...flagTable.map(({ name }) => `--${name}`)));
    fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => void parseFlags(argv, 2)));
  });

  it('explains every flag within 100 columns', () => {
    const help = helpText();
    for (const { name } of flagTable) expect(help).toContain(`  --${name}`);
    for (const line of help.split('\n').filter((each) => !each.includes('node packages')))
      expect(line.length).toBeLessThanOrEqual(110);
    expect(parseFlags(['--help'], 2)).toEqual({ kind: 'help' });
    expect(parseFlags(['--version'], 2)).toEqual({ kind: 'version' });
  });
});

export interface FlagRow {
  readonly name: string;
  /** Placeholder of the value; absent: a switch. */
  readonly value?: string;
  readonly repeat?: boolean;
  readonly group: 'Model' | 'Interface' | 'Limits' | 'Echo engine' | 'Other';
  readonly text: string;
}

/** Every flag, in the order of the help. */
export const flagTable: readonly FlagRow[] = [
  {
    name: 'engine',
    value: 'NAME',
    group: 'Model',
    text: 'llama: a GGUF model; echo: no model, answers with its prompt. Default llama.',
  },
  { name: 'model', value: 'PATH', group: 'Model', text: 'The GGUF file to serve. Required with --engine llama.' },
  {
    name: 'model-id',
    value: 'NAME',
    group: 'Model',
    text: "The model's name in /v1/models. Default: the file's name without .gguf.",
  },
  {
    name: 'context-length',
    value: 'TOKENS',
    group: 'Model',
    text: 'Prompt and answer together, per request. Default: what the model was trained with, at most 4096.',
  },
  { name: 'parallel', value: 'N', group: 'Model', text: 'Requests generated at once. Default 4.' },
  { name: 'threads', value: 'N', group: 'Model', text: "Threads for inference. Default: this machine's cores." },
  { name: 'gpu-layers', value: 'auto|N', group: 'Model', text: 'Layers held on the GPU; 0: none. Default auto.' },
  {
    name: 'lora',
    value: 'PATH[=STRENGTH]',
    repeat: true,
    group: 'Model',
    text: 'A LoRA adapter (GGUF) to apply. Strength default 1. May be repeated.',
  },
  {
    name: 'adapter-name',
    value: 'NAME',
    repeat: true,
    group: 'Model',
    text: "Name of the adapter of the same place among --lora. Default: its file's name.",
  },
  { name: 'embeddings', group: 'Model', text: 'Also serve /v1/embeddings; takes memory for a second context.' },
  {
    name: 'api',
    value: 'NAME',
    group: 'Interface',
    text: "KAITO's API beside OpenAI's: text-generation (/chat), llama-completion (/generate), llama-chat (/chat). Default text-generation.",
  },
  {
    name: 'chat-template',
    value: 'WHEN',
    group: 'Interface',
    text: "Apply the model's chat template to a plain prompt of /chat: always, never, or auto (when the model has one and the prompt shows no marks of a template). Default auto.",
  },
  {
    name: 'host',
    value: 'ADDRESS',
    group: 'Interface',
    text: 'Address to listen on; 0.0.0.0 for all. Default 127.0.0.1.',
  },
  {
    name: 'port',
    value: 'N',
    group: 'Interface',
    text: 'TCP port; 0: any free one, named in the listening event. Default 5000.',
  },
  {
    name: 'api-key-file',
    value: 'PATH',
    group: 'Interface',
    text: 'File with a key that clients must send as "Authorization: Bearer KEY". /healthz stays open.',
  },
  { name: 'max-body-bytes', value: 'BYTES', group: 'Limits', text: 'Longest request body. Default 1048576.' },
  {
    name: 'max-queue',
    value: 'N',
    group: 'Limits',
    text: 'Requests that may wait beyond --parallel; more get 429. Default 64.',
  },
  {
    name: 'max-tokens',
    value: 'N',
    group: 'Limits',
    text: 'New tokens per answer at most. Default: what the context holds.',
  },
  {
    name: 'request-timeout',
    value: 'SECONDS',
    group: 'Limits',
    text: 'From the admission of a request to its last token. Default 600.',
  },
  {
    name: 'stall-timeout',
    value: 'SECONDS',
    group: 'Limits',
    text: 'How long a client may take nothing of its answer. Default 30.',
  },
  {
    name: 'drain-timeout',
    value: 'SECONDS',
    group: 'Limits',
    text: 'What running requests get to finish after SIGTERM or SIGINT. Default 30.',
  },
  { name: 'echo-token-delay', value: 'MS', group: 'Echo engine', text: 'Pause before each token. Default 0.' },
  { name: 'echo-load-delay', value: 'MS', group: 'Echo engine', text: 'Pause before the engine is ready. Default 0.' },
  { name: 'help', group: 'Other', text: 'Print this and exit.' },
  { name: 'version', group: 'Other', text: 'Print the version and exit.' },
];

const width = 100;
const indent = 31;

/** The text of `--help`. */
export function helpText(): string {
  const groups = [...new Set(flagTable.map((row) => row.group))];
  const sections = groups.map((group) => {
    const rows = flagTable.filter((row) => row.group === group).map(line);
    return `${group}:\n${rows.join('\n')}`;
  });
  return `Usage: node packages/server/src/main.ts --model PATH [flags]

Serves one model over HTTP: KAITO's API, OpenAI's API under /v1, /healthz, /metrics, /openapi.json.
Writes its events as JSON lines to standard output: listening, readiness, warning, fault, drained.

${sections.join('\n\n')}

Examples:
  Serve a model on this machine:
    node packages/server/src/main.ts --model SmolLM2-135M-Instruct.Q4_1.gguf
  Ask it:
    curl http://127.0.0.1:5000/chat -H 'Content-Type: application/json' \\
      -d '{"prompt":"What sport should I play in rainy weather?"}'
  Serve on all addresses with a key, 8 requests at once, 2048 tokens each:
    node packages/server/src/main.ts --model m.gguf --host 0.0.0.0 --api-key-file key.txt --parallel 8 --context-length 2048
  Try the interface without a model, on any free port:
    node packages/server/src/main.ts --engine echo --port 0

Exit codes: 0 drained; 2 wrong flags; 3 the model is missing or unusable; 4 cannot listen; 70 internal error;
130 or 143 after a second signal.
`;
}

function line(row: FlagRow): string {
  const head = `  --${row.name}${row.value === undefined ? '' : ` ${row.value}`}`;
  const lines = wrap(row.text, width - indent);
  const first = head.length < indent - 1 ? head.padEnd(indent) : `${head}\n${' '.repeat(indent)}`;
  return first + lines.join(`\n${' '.repeat(indent)}`);
}

function wrap(text: string, length: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > length) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

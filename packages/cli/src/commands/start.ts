import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { find } from '@kaito/local';
import { ask, seedQuestion } from '../endpoint/endpoint.ts';
import { exitCode, type ExitCode, failure } from '../failure.ts';
import { catalogWith, factsOfThisMachine, planOf, planOptions } from '../plan/planning.ts';
import type { Plan } from '@kaito/planner';
import { type Session, thisMachine } from '../session.ts';
import { bytes, elapsed } from '../terminal/quantity.ts';
import { printable } from '../terminal/terminal.ts';
import { readManifests } from '../workspace/manifest.ts';
import { endpointOf } from '../workspace/running.ts';
import { up } from './up.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly prompt?: string;
}

/** The example that belongs to this source tree. */
const example = fileURLToPath(new URL('../../../../examples/local.yaml', import.meta.url));

/** `kaito start`: from a manifest to a first answer through `POST /chat`; the server keeps running. */
export async function start(session: Session, options: Options): Promise<ExitCode> {
  const { terminal, now } = session;
  const begun = now();
  const files = options.filename ?? [relative(process.cwd(), example)];
  const prompt = options.prompt ?? seedQuestion;
  const catalog = await catalogWith(undefined, terminal);
  const manifests = await readManifests(catalog, { preset: undefined, files, namespace: undefined });
  const [manifest, ...others] = manifests;
  if (manifest == null || others.length > 0) {
    throw failure(
      'SeveralWorkspaces',
      `${files.join(', ')} holds ${manifests.length} Workspaces.`,
      "Start them with 'kaito up -f FILE'.",
    );
  }
  const plan = planOf(manifest, catalog, await factsOfThisMachine(begun), planOptions('local', {}));
  const { namespace, name } = plan.workspace;
  const before = await find(namespace, name);
  if (before?.assessment.endpoint == null || before.plan.inputsHash !== plan.inputsHash) {
    terminal.err(`${summary(plan, files)}\n\n`);
    const code = await up(session, undefined, { filename: files, wait: true, announce: false });
    if (code !== exitCode.done) return code;
  } else {
    terminal.err(`${name} runs already ${thisMachine}.\n`);
  }
  const running = await find(namespace, name);
  if (running == null) throw failure('Gone', `${name} was removed while it started.`);
  const endpoint = await endpointOf(running);
  terminal.err(`\nPOST ${endpoint.url}/chat\n`);
  const interrupt = session.interruptible();
  try {
    const asked = now();
    const answer = await ask(endpoint, prompt, interrupt.signal);
    terminal.out(`\n${terminal.outIsTerminal ? printable(answer) : answer}\n\n`);
    terminal.err(
      `Answered in ${elapsed((now() - asked) / 1000)}, ${elapsed((now() - begun) / 1000)} after the start.\n\n`,
    );
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    interrupt.release();
  }
  terminal.out(`${name} answers ${thisMachine} at ${terminal.outStyle.bold(endpoint.url)}\n\n`);
  terminal.out('Next:\n  ./kaito chat    talk to it\n  ./kaito get     see how it stands\n  ./kaito down    stop it\n');
  return exitCode.done;
}

/** What was read and decided, in a line; the whole Plan is the `plan` command's. */
function summary(plan: Plan, files: readonly string[]): string {
  const { model, memory } = plan;
  const needs =
    memory?.usableBytes == null
      ? ''
      : `: ${model?.title ?? plan.workspace.name} needs ${bytes(memory.requiredBytes)} of ${bytes(memory.usableBytes)}`;
  return `Validated and planned ${files.join(', ')}${needs}. Why: ./kaito plan -f ${files.join(' -f ')}`;
}

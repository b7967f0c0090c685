import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Failure } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import type { SetupFlags } from '../setup/options.ts';
import { setup } from '../setup/setup.ts';
import { azureOf, type World } from './azure.ts';

/** Runs of setup over a world, each with a file of values of its own, in a directory that goes when the file's tests end. */
export function setupRuns() {
  const directory = mkdtempSync(join(tmpdir(), 'kaito-setup-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  let files = 0;
  const run = async (
    world: World,
    flags: Partial<SetupFlags> = {},
    has: readonly string[] = [],
    azure = azureOf(world),
  ) => {
    const terminal = recording(false, { KUBECONFIG: '/no/such/kubeconfig' });
    const session: Session = {
      terminal,
      now: () => 0,
      interruptible: () => ({ signal: new AbortController().signal, release: () => {} }),
    };
    const programs: string[] = [];
    const values = join(directory, `values-${(files += 1)}.yaml`);
    const tools = {
      programs: {
        has: (program: string) => has.includes(program),
        run: async (words: readonly string[]) => {
          programs.push(words.join(' '));
          if (words.includes('--enable-oidc-issuer'))
            world.cluster = { ...world.cluster, oidcIssuer: 'https://issuer/' };
        },
      },
      pause: async () => {},
      directory,
    };
    const all = { resourceGroup: 'KaitoLab', name: 'kaito', values, ...flags };
    const outcome = await setup(session, azure, all as SetupFlags, tools).catch((error: unknown) => error);
    return {
      outcome,
      out: terminal.written.out.replaceAll(directory, 'DIR').replaceAll(/values-\d+/g, 'values'),
      err: terminal.written.err,
      programs,
      values: all.values,
    };
  };
  return { directory, run };
}

export const failureOf = ({ outcome }: { readonly outcome: unknown }) =>
  outcome instanceof Failure ? outcome.findings[0] : undefined;

import manifest from '../../package.json' with { type: 'json' };
import { engineBuilds } from '../doctor/engine.ts';
import { exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import type { Session } from '../session.ts';

/** `kaito version`: of kaito, Node and the engine. */
export async function version({ terminal }: Session, { output }: { readonly output?: Format }): Promise<ExitCode> {
  const engines = engineBuilds().map(({ name, version }) => `node-llama-cpp ${version} (${name})`);
  const versions = {
    kaito: manifest.version,
    node: process.versions.node,
    engines,
    platform: `${process.platform} ${process.arch}`,
  };
  if (isData(output)) {
    await writeData(terminal, output, versions);
  } else {
    terminal.out(
      `kaito ${versions.kaito}, Node ${versions.node}, ${engines.join(', ') || 'no inference engine'}, ${versions.platform}\n`,
    );
  }
  return exitCode.done;
}

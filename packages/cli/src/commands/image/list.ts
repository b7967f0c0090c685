import { parseReference } from '@kaito/oci';
import { exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { printable } from '../../terminal/terminal.ts';
import { registryClient } from './registries.ts';

interface Options {
  readonly plainHttp?: boolean;
  readonly output?: Format;
}

/** `kaito image list`: the tags of a repository, or the repositories of a registry. */
export async function list(session: Session, text: string, options: Options): Promise<ExitCode> {
  const { terminal } = session;
  const client = registryClient(session, options.plainHttp);
  const registry = registryIn(text);
  const names = registry == null ? client.tags(repositoryIn(text)) : client.repositories(registry);
  const found: string[] = [];
  for await (const name of names) {
    found.push(name);
    if (!isData(options.output)) terminal.out(`${printable(name)}\n`);
  }
  if (isData(options.output)) await writeData(terminal, options.output, found);
  else if (found.length === 0) terminal.err(`${text} has no ${registry == null ? 'tags' : 'repositories'}.\n`);
  return exitCode.done;
}

/** The registry where nothing but its host is named: `me.azurecr.io`, `localhost:5000`, or any name with a slash at its end. */
function registryIn(text: string): string | undefined {
  const bare = text.replace(/^(oci|docker):\/\//, '');
  const isHost = /^(localhost|[^/:]+(\.[^/:]+)+|\[[^\]]*\])(:\d+)?$|^[^/]+\/$/.test(bare);
  return isHost ? parseReference(`${bare.replace(/\/$/, '')}/any`).registry : undefined;
}

function repositoryIn(text: string) {
  const { registry, repository } = parseReference(text);
  return { registry, repository };
}

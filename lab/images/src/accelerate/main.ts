import { LaunchError } from '../launch/flags.ts';
import { logTo, notice } from '../launch/notice.ts';
import { checkScript } from '../launch/script.ts';
import { serverCommand } from '../launch/server-command.ts';
import { readSettings } from '../launch/settings.ts';
import { readAccelerate } from './flags.ts';

const log = logTo(process.stdout);
try {
  const settings = readSettings(process.env);
  const { script, torchType } = readAccelerate(process.argv.slice(2));
  checkScript(script, process.cwd());
  for (const line of notice(settings.model)) log(line);
  if (torchType !== undefined) log(`The weights are quantised and are not loaded as ${torchType}.`);
  // The real one's pipeline answers one request after the other. The server takes this process's place.
  const command = serverCommand(process.execPath, settings, { api: 'text-generation', parallel: 1 });
  process.execve!(command[0], command, process.env);
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

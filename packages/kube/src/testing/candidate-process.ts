// A candidate in a process of its own, for the test of election: it leads by writing its name again and again, and says so on its output.
import { createClient } from '../client/create-client.ts';
import { systemClock } from '../clock.ts';
import { loadConfig } from '../config/load-config.ts';
import { silentLogger } from '../logger.ts';
import { configMaps } from './objects.ts';
import { createElection } from '../lease/election.ts';
import { leaderGuard } from '../lease/leader-guard.ts';

const [namespace, identity] = process.argv.slice(2) as [string, string];
const say = (what: string) => process.stdout.write(`${what}\n`);
const config = loadConfig({ clock: systemClock, terminal: false });
const client = createClient(config, { clock: systemClock, logger: silentLogger });
const election = createElection({
  client,
  namespace,
  name: 'operator',
  identity,
  leaseDurationMs: 2_000,
  renewDeadlineMs: 1_400,
  retryPeriodMs: 300,
  clock: systemClock,
  logger: silentLogger,
});
const guard = leaderGuard(client, election);
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
say('up');
const result = await election.run(end.signal, async (signal) => {
  say('leads');
  while (!signal.aborted) {
    try {
      await guard.patch(configMaps, { namespace, name: 'work' }, { type: 'merge', body: { data: { by: identity } } });
    } catch (error) {
      say(`refused ${error instanceof Error ? error.name : String(error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
say(result);
client.close();

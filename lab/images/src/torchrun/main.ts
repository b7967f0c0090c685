import { LaunchError } from '../launch/flags.ts';
import { logTo, notice } from '../launch/notice.ts';
import { checkScript } from '../launch/script.ts';
import { apiPort, serverCommand } from '../launch/server-command.ts';
import { type Settings, readSettings } from '../launch/settings.ts';
import { torchHeartbeat } from '../rendezvous/connection.ts';
import { Gathering } from '../rendezvous/gathering.ts';
import { type TorchrunLaunch, readTorchrun } from './flags.ts';
import { follow } from './follow.ts';
import { lead } from './lead.ts';
import { serveRankHealth } from './rank-health.ts';
import { startServing } from './serving.ts';

/** PyTorch's own limit on how long ranks wait for each other, in ms (`join` of its `RendezvousTimeout`). */
const patience = () => AbortSignal.timeout(600_000);

const log = logTo(process.stdout);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stopping.abort());

void main().then((code) => process.exit(code));

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.env);
    const launch = readTorchrun(process.argv.slice(2));
    checkScript(launch.script, process.cwd());
    for (const line of notice(settings.model)) log(line);
    return await (launch.rank === 0 ? leadJob : followJob)(launch, settings, stopping.signal);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

async function leadJob(launch: TorchrunLaunch, settings: Settings, stop: AbortSignal): Promise<number> {
  const { job, endpoint, maxRestarts, contextLength, parallel } = launch;
  const { host, llamaApi: api } = settings;
  if (api === undefined) throw new LaunchError("torchrun starts llama-2's servers; this is another preset's image");
  const command = serverCommand(process.execPath, settings, { api, contextLength, parallel });
  const gathering = await Gathering.open(job, { host, port: endpoint.port, heartbeat: torchHeartbeat, log });
  log(`Rank 0 of job ${job.id} on ${job.nodes} nodes: one process here does the work of all ranks.`);
  const parts = { gathering, maxRestarts, startServing: () => startServing(command), patience, stop, log };
  return lead(parts).finally(() => gathering.close());
}

async function followJob(launch: TorchrunLaunch, settings: Settings, stop: AbortSignal): Promise<number> {
  const { job, rank, endpoint } = launch;
  log(`Rank ${rank} of job ${job.id} on ${job.nodes} nodes, led at ${endpoint.host}:${endpoint.port}.`);
  return follow({
    membership: { job, rank, endpoint, heartbeat: torchHeartbeat, retryMs: 1000 },
    serveHealth: () => serveRankHealth(settings.host, apiPort),
    patience: patience(),
    stop,
    log,
  });
}

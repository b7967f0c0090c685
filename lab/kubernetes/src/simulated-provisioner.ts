// Fulfils NodeClaims with simulated nodes at once, until its process ends.
import { createClient, createTextLogger, loadConfig, systemClock } from '@kaito/kube';
import { runProvisioner } from '@kaito/workspace/testing';

const clock = systemClock;
const write = (line: string): void => void process.stdout.write(`${line}\n`);
const logger = createTextLogger({ level: 'info', format: 'text', write, now: () => new Date() });
const client = createClient(loadConfig({ clock }), { clock, logger, userAgent: 'simulated-provisioner' });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await runProvisioner({ client, clock, logger }, stop.signal);

#!/usr/bin/env node
import { AzureError } from '@kaito/azure';
import { createTextLogger, loadConfig, SettingsError, systemClock } from '@kaito/kube';
import { help, readSettings, type Settings } from './settings.ts';
import { setUp } from './setup.ts';
import { checkIdentity, connectAzure } from './startup/connect-azure.ts';
import { leaveTerminationMessage } from './startup/termination-message.ts';

const wrongUsage = 2;

async function run(settings: Settings): Promise<void> {
  const logger = createTextLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    write: (line) => void process.stderr.write(`${line}\n`),
    now: () => new Date(),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      logger.log('info', `stopping on ${signal}`);
      stop.abort();
    });
  }
  const { kubeconfig, context } = settings;
  const around = { clock: systemClock, logger };
  const azure = await connectAzure(settings, process.env, { ...around, signal: stop.signal });
  await checkIdentity(azure, { logger, signal: stop.signal });
  const config = loadConfig({
    clock: systemClock,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  const { agentPools, compute } = azure;
  await setUp(settings, { ...around, config, agentPools, compute }).run(stop.signal);
}

function fail(error: unknown, terminationLog: string): void {
  const message = error instanceof Error ? error.message : String(error);
  const words = `${message}${error instanceof AzureError ? `. Remedy: ${error.remedy}` : ''}`;
  process.stderr.write(`kaito-gpu-provisioner: ${words}\n`);
  leaveTerminationMessage(terminationLog, words);
  process.exitCode = error instanceof SettingsError ? wrongUsage : 1;
}

let terminationLog = process.env['TERMINATION_LOG'] ?? '/dev/termination-log';
try {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') process.stdout.write(help);
  else {
    terminationLog = settings.terminationLog;
    await run(settings);
  }
} catch (error) {
  fail(error, terminationLog);
}

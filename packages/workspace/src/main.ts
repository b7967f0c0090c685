#!/usr/bin/env node
import { createTextLogger, loadConfig, SettingsError, systemClock } from '@kaito/kube';
import { help, readSettings } from './settings.ts';
import { setUp } from './setup.ts';

const wrongUsage = 2;

async function main(): Promise<number> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') {
    process.stdout.write(help);
    return 0;
  }
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
  const config = loadConfig({
    clock: systemClock,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  await setUp(settings, { config, clock: systemClock, logger }).run(stop.signal);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`kaito-workspace: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof SettingsError ? wrongUsage : 1;
}

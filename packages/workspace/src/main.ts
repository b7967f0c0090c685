#!/usr/bin/env node
import { beginProcess, configOf, SettingsError, systemClock, wrongUsage } from '@kaito/kube';
import { help, readSettings } from './settings.ts';
import { setUp } from './setup.ts';

async function main(): Promise<number> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') {
    process.stdout.write(help);
    return 0;
  }
  const { logger, signal } = beginProcess(settings);
  await setUp(settings, { config: configOf(settings), clock: systemClock, logger }).run(signal);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`kaito-workspace: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof SettingsError ? wrongUsage : 1;
}

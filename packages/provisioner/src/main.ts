#!/usr/bin/env node
import { AzureError } from '@kaito/azure';
import { beginProcess, configOf, SettingsError, systemClock, wrongUsage } from '@kaito/kube';
import { help, readSettings, type Settings } from './settings.ts';
import { setUp } from './setup.ts';
import { checkIdentity, connectAzure } from './startup/connect-azure.ts';
import { leaveTerminationMessage } from './startup/termination-message.ts';

async function run(settings: Settings): Promise<void> {
  const { logger, signal } = beginProcess(settings);
  const around = { clock: systemClock, logger };
  const azure = await connectAzure(settings, process.env, { ...around, signal });
  await checkIdentity(azure, { logger, signal });
  const { agentPools, compute } = azure;
  await setUp(settings, { ...around, config: configOf(settings), agentPools, compute }).run(signal);
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

import {
  copyImage,
  type CopyProgress,
  type CopyResult,
  formatReference,
  parseReference,
  type Platform,
} from '@kaito/oci';
import { exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { progressOn } from '../../terminal/progress.ts';
import { bytes, duration, elapsed } from '../../terminal/quantity.ts';
import { interruptedTwice } from './interrupted-twice.ts';
import { bufferCollector } from './buffer-collector.ts';
import { registryClient, uploadJournal } from './registries.ts';

interface Options {
  readonly platform?: readonly Platform[];
  readonly allPlatforms?: boolean;
  readonly referrers?: boolean;
  readonly connections?: number;
  readonly plainHttp?: boolean;
  readonly quiet?: boolean;
  readonly output?: Format;
}

/** `kaito image copy`: from registry to registry, without a daemon and without the disk. */
export async function copy(session: Session, source: string, destination: string, options: Options): Promise<ExitCode> {
  const { terminal, now } = session;
  const from = parseReference(source);
  const to = parseReference(destination, from.tag);
  const client = registryClient(session, options.plainHttp);
  const progress = progressOn(terminal, { quiet: options.quiet === true, now });
  const started = now();
  const interrupt = interruptedTwice(session);
  try {
    progress.update('manifests', `${formatReference(from)}: reading its manifests`);
    const result = await copyImage(
      { client, reference: from },
      { client, reference: to },
      {
        platforms: options.platform,
        referrers: options.referrers,
        connections: options.connections,
        journal: uploadJournal(session),
        signal: interrupt.now,
        drain: interrupt.soon,
        onPiece: bufferCollector(),
        onProgress: (state) => progress.update('blobs', describe(state)),
      },
    );
    progress.end();
    const reference = formatReference(to);
    if (isData(options.output)) {
      await writeData(terminal, options.output, { source: formatReference(from), destination: reference, ...result });
    } else {
      terminal.out(`${reference.replace(/@.*/, '')}@${result.digest}\n`);
      if (options.quiet !== true) terminal.err(`${summary(result, (now() - started) / 1000)}\n`);
    }
    return exitCode.done;
  } catch (error) {
    progress.end();
    if (!interrupt.soon.aborted) throw error;
    terminal.err('\nInterrupted. The same command goes on where this one stopped.\n');
    return exitCode.interrupted;
  } finally {
    interrupt.release();
  }
}

/** `412.0 MiB of 2.0 GiB, 3 of 12 blobs, 410.2 MiB/s, 4s left`. */
export function describe(state: CopyProgress): string {
  const { doneBytes, totalBytes, doneBlobs, totalBlobs, bytesPerSecond, secondsLeft } = state;
  return [
    `${bytes(doneBytes)} of ${bytes(totalBytes)}`,
    `${doneBlobs} of ${totalBlobs} blobs`,
    ...(bytesPerSecond == null || doneBytes === totalBytes ? [] : [`${bytes(bytesPerSecond)}/s`]),
    ...(secondsLeft == null || doneBytes === totalBytes ? [] : [`${duration(Math.ceil(secondsLeft))} left`]),
  ].join(', ');
}

function summary(result: CopyResult, seconds: number): string {
  const { blobs, sentBytes, manifests, referrers, foreignLayers } = result;
  const rate = seconds > 0 && sentBytes > 0 ? `, ${bytes(sentBytes / seconds)}/s` : '';
  const spared = [
    ...(blobs.exists > 0 ? [`${blobs.exists} there already`] : []),
    ...(blobs.mounted > 0 ? [`${blobs.mounted} mounted`] : []),
  ];
  return [
    `${blobs.uploaded} blobs sent (${bytes(sentBytes)} in ${elapsed(seconds)}${rate})`,
    ...spared,
    `${manifests} ${manifests === 1 ? 'manifest' : 'manifests'}${referrers > 0 ? `, ${referrers} of them referrers` : ''}`,
    ...(foreignLayers > 0 ? [`${foreignLayers} foreign layers left out`] : []),
  ].join('; ');
}

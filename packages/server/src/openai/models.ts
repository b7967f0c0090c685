import type { Engine } from '../engine/engine.ts';
import { HttpError } from '../http/errors.ts';
import type { Service } from '../service.ts';

interface Model {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970. */
  readonly created: number;
  readonly owned_by: string;
  readonly max_model_len: number;
  readonly parent: string | null;
}

/** `GET /v1/models`: the model, and each adapter as a model of its own. */
export function listModels(service: Service): { object: 'list'; data: readonly Model[] } {
  return { object: 'list', data: modelsOf(service.serving().engine) };
}

/** `GET /v1/models/{id}`. Throws 404 for any other id. */
export function oneModel(service: Service, id: string): Model {
  const found = modelsOf(service.serving().engine).find((model) => model.id === id);
  if (found === undefined) throw unknownModel(id);
  return found;
}

/** Which adapter a request's `model` means; absent for the model itself. Throws 404 for a name that is neither. */
export function adapterFor(engine: Engine, model: string): { adapter?: string } {
  if (model === engine.info.modelId) return {};
  if (engine.info.adapters.includes(model)) return { adapter: model };
  throw unknownModel(model);
}

function modelsOf(engine: Engine): readonly Model[] {
  const { modelId, adapters, contextLength, loadedAt } = engine.info;
  const created = Math.floor(Date.parse(loadedAt) / 1000);
  return [modelId, ...adapters].map((id, index) => ({
    id,
    object: 'model',
    created,
    owned_by: 'kaito',
    max_model_len: contextLength,
    parent: index === 0 ? null : modelId,
  }));
}

function unknownModel(id: string): HttpError {
  return new HttpError(404, `The model ${JSON.stringify(id)} does not exist here; see /v1/models.`, {
    param: 'model',
    code: 'model_not_found',
  });
}

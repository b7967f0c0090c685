import type { ImagePreset, WeightSource } from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import { launchCommand } from './launch.ts';
import type { Notes } from './notes.ts';
import type { PlanOptions, RuntimeChoice, ShapeChoice } from './plan.ts';
import { type AdapterRequest, optional, type Request } from './request.ts';
import type { Fit } from './shape.ts';

/** Where KAITO's public preset images lie. */
const publicRegistry = 'mcr.microsoft.com/aks/kaito';

/** The image that runs, and the public one that it is a copy of, or may be. */
type ImageChoice = Required<Pick<RuntimeChoice, 'image'>> & Pick<RuntimeChoice, 'publicImage'>;
type Adapters = RuntimeChoice['adapters'];

/** The image of a preset: the Workspace's own where it names one, else the public one; undefined, with an error, where there is neither. */
export function chooseImage(
  preset: ImagePreset,
  request: Request,
  options: PlanOptions,
  notes: Notes,
): ImageChoice | undefined {
  const own = request.preset?.image;
  const published =
    preset.image && `${options.presetRegistry ?? publicRegistry}/${preset.image.repository}:${preset.image.tag}`;
  if (own !== undefined) {
    notes.decide('image', own, "the Workspace names it, and it goes before the preset's own");
    return { image: own, ...optional('publicImage', published) };
  }
  if (published === undefined || request.preset?.privateAccess === true) {
    notes.error(
      'ImageRequired',
      'inference.preset.presetOptions.image',
      published === undefined
        ? `${preset.name} has no public image: its licence lets only those who accepted it hold the weights.`
        : 'accessMode is private, but no image is named.',
      'Push the image to a registry of yours, and name it in inference.preset.presetOptions.image.',
    );
    return undefined;
  }
  notes.decide('image', published, "it is the preset's own public image");
  return { image: published };
}

/** The runtime of a preset that runs from its image. */
export function imageRuntime(
  preset: ImagePreset,
  image: ImageChoice,
  fit: Fit,
  request: Request,
  notes: Notes,
): RuntimeChoice {
  if (request.adapters.length > 0) {
    notes.error(
      'NotSupported',
      'inference.adapters',
      `The server in the image of ${preset.name} loads no adapters.`,
      'Remove inference.adapters, or use a GGUF preset, whose server loads them (`kaito models`).',
    );
  }
  return {
    kind: 'image',
    apiFlavour: preset.apiFlavour,
    ...image,
    ...secrets(request),
    argv: launchCommand(preset, {
      workspace: request,
      nodes: fit.nodes,
      gpusPerPod: fit.gpusPerPod,
      contextLength: fit.load.contextLength,
      parallel: fit.load.parallel,
    }),
    environment: {},
    adapters: [],
  };
}

/** The runtime of a GGUF model: the project's own server. */
export function serverRuntime(
  model: ChosenModel,
  shape: ShapeChoice,
  request: Request,
  options: PlanOptions,
  notes: Notes,
): RuntimeChoice {
  const local = options.target === 'local';
  const image = local ? undefined : request.preset?.image;
  notes.decide(
    'runtime',
    "KAITO's inference server",
    `${model.entry.name} is a GGUF model, which llama.cpp runs on CPU and GPU`,
  );
  return {
    kind: 'server',
    apiFlavour: model.entry.apiFlavour,
    ...optional('image', image),
    ...(local ? { imagePullSecrets: [] } : secrets(request)),
    argv: serverFlags(model, shape),
    environment: {},
    adapters: readAdapters(request.adapters, notes),
  };
}

/** Flags of the server beside model path, host and port. */
function serverFlags(model: ChosenModel, shape: ShapeChoice): readonly string[] {
  const flags: readonly (readonly [string, string | number | undefined])[] = [
    ['--model-id', model.entry.name],
    ['--api', model.entry.apiFlavour],
    ['--context-length', shape.contextLength],
    ['--parallel', shape.parallel],
    ['--threads', shape.threads],
    ['--gpu-layers', shape.gpuLayers],
  ];
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
}

/** References to the Secrets that the Workspace names; never their content. */
function secrets(request: Request): Pick<RuntimeChoice, 'imagePullSecrets' | 'modelAccessSecret'> {
  const access = request.preset?.modelAccessSecret;
  return {
    imagePullSecrets: (request.preset?.imagePullSecrets ?? []).map((name) => ({ name })),
    ...(access === undefined ? {} : { modelAccessSecret: { name: access, key: 'HF_TOKEN' } }),
  };
}

function readAdapters(adapters: readonly AdapterRequest[], notes: Notes): Adapters {
  return adapters.flatMap((adapter, index) => {
    const path = `inference.adapters[${index}]`;
    if (!(adapter.strength >= 0 && adapter.strength <= 1)) {
      notes.error(
        'InvalidValue',
        `${path}.strength`,
        `The strength of adapter ${adapter.name} is no number from 0 to 1.`,
        'Write a decimal, e.g. "0.5".',
      );
      return [];
    }
    const source = adapterSource(adapter);
    if (source === undefined) {
      notes.error(
        'NotSupported',
        `${path}.source`,
        `Adapter ${adapter.name} is not one http or https URL, nor an image.`,
        'Name one file in source.urls, or an image in source.image.',
      );
      return [];
    }
    return [{ name: adapter.name, strength: adapter.strength, source }];
  });
}

function adapterSource({
  urls,
  image,
}: AdapterRequest): WeightSource | { readonly type: 'image'; readonly image: string } | undefined {
  const [url, ...others] = urls;
  if (image !== undefined && url === undefined) return { type: 'image', image };
  if (url === undefined || others.length > 0 || image !== undefined) return undefined;
  return /^https?:\/\//i.test(url) ? { type: 'https', url } : undefined;
}

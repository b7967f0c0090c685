import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { engineConformance } from '../conformance.ts';
import { openLlamaEngine } from './engine.ts';
import { smollm2Path } from './testing/real-model.ts';
import { chatMl, writeTinyModel } from './testing/tiny-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tiny-model-'));
  await writeTinyModel(path.join(folder, 'tiny.gguf'), { chatTemplate: chatMl });
  await writeTinyModel(path.join(folder, 'plain.gguf'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const settings = { parallel: 3, threads: 1, gpuLayers: 0 };

engineConformance('llama.cpp with a random model', () =>
  openLlamaEngine({ ...settings, modelPath: path.join(folder, 'tiny.gguf'), modelId: 'tiny', embeddings: true }),
);

engineConformance('llama.cpp with a model without a chat template', () =>
  openLlamaEngine({ ...settings, modelPath: path.join(folder, 'plain.gguf'), modelId: 'plain', embeddings: false }),
);

engineConformance('llama.cpp with SmolLM2', async () =>
  openLlamaEngine({
    ...settings,
    modelPath: await smollm2Path(),
    modelId: 'smollm2-135m-instruct',
    contextLength: 512,
    embeddings: true,
  }),
);

import { describe, expect, it } from 'vitest';
import { modelReferences } from './references.ts';
import { imagePresets, imageOf } from './testing/launch-lines.ts';

const references = modelReferences();

describe('names of the stand-ins', () => {
  it('are those that the planner gives the pods of public presets', () => {
    const wanted = imagePresets.filter(({ access }) => access === 'public').map(imageOf);
    expect(wanted).toContain('mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2');
    expect(references.map(({ reference }) => reference)).toEqual(expect.arrayContaining(wanted));
  });

  it('are one for each preset, with the API of its server', () => {
    expect(references.map(({ api }) => api)).toEqual(imagePresets.map(({ apiFlavour }) => apiFlavour));
    expect(new Set(references.map(({ reference }) => reference)).size).toBe(imagePresets.length);
    expect(references).toContainEqual({
      reference: 'mcr.microsoft.com/aks/kaito/kaito-llama-2-70b-chat:0.0.3',
      api: 'llama-chat',
    });
  });
});

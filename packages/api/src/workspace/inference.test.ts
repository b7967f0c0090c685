import { describe, expect, test } from 'vitest';
import type { Finding } from '../finding.ts';
import { problems, told } from '../testing/problems.ts';
import { seedWorkspace, withInference, workspaceWith } from '../testing/workspace-factory.ts';
import { validateWorkspace } from './validate.ts';

const container = { name: 'main', image: 'nginx:1.27' };

const template = (spec: unknown): unknown => workspaceWith({ inference: { template: { spec } } });

const options = (presetOptions: unknown): Finding[] =>
  validateWorkspace(workspaceWith({ inference: { preset: { name: 'a', presetOptions } } }));

const preset = (fields: object): string[] =>
  problems(workspaceWith({ inference: { preset: { name: 'a', ...fields } } }));

const source = { name: 'one', urls: ['https://example.com/one.gguf'] };

const adapters = (list: unknown): string[] => problems(withInference({ adapters: list }));

describe('inference', () => {
  test('is needed, and names one of preset and template', () => {
    const { inference: _, ...rest } = seedWorkspace();
    expect(problems(rest)).toEqual(['error MissingField inference']);
    expect(problems(workspaceWith({ inference: {} }))).toEqual(['error MissingField inference.preset']);
    expect(problems(withInference({ template: { spec: { containers: [container] } } }))).toEqual([
      'error MutuallyExclusive inference.template',
    ]);
  });

  test.each([
    ['myregistry.azurecr.io/mistral:0.0.2', []],
    ['localhost:5000/a/b__c', []],
    [`nginx@sha256:${'a'.repeat(64)}`, []],
    ['', []],
    ['https://myregistry.azurecr.io/mistral', ['error InvalidValue inference.preset.presetOptions.image']],
    ['${ACR_NAME}.azurecr.io/mistral:1', ['error InvalidValue inference.preset.presetOptions.image']],
    ['<YOUR_IMAGE>', ['error InvalidValue inference.preset.presetOptions.image']],
    ['MyRegistry.io/Mistral', ['error InvalidValue inference.preset.presetOptions.image']],
    ['a b', ['error InvalidValue inference.preset.presetOptions.image']],
  ])('image %s', (image, expected) => {
    expect(problems(workspaceWith({ inference: { preset: { name: 'phi-2', presetOptions: { image } } } }))).toEqual(
      expected,
    );
  });

  test('Secrets are names', () => {
    expect(options({ imagePullSecrets: ['acr'], modelAccessSecret: 'hf-token' })).toEqual([]);
    expect(options({ imagePullSecrets: [{ name: 'acr' }] })).toMatchObject([
      { code: 'InvalidType', remedy: 'Write the name itself: - acr.' },
    ]);
    expect(told(options({ modelAccessSecret: 'HF_TOKEN' }))).toEqual([
      'error InvalidValue inference.preset.presetOptions.modelAccessSecret',
    ]);
  });

  test('accessMode and the preset name are checked in form', () => {
    expect(preset({ accessMode: 'private' })).toEqual([]);
    expect(preset({ accessMode: 'Private' })).toEqual(['error InvalidValue inference.preset.accessMode']);
    expect(preset({ name: '${MODELNAME}' })).toEqual(['error InvalidValue inference.preset.name']);
    expect(preset({ name: '' })).toEqual(['error InvalidValue inference.preset.name']);
  });

  test('a template keeps what it holds and needs a container with name and image', () => {
    expect(problems(template({ containers: [{ ...container, anything: { goes: [1] } }], unheardOf: true }))).toEqual(
      [],
    );
    const at = 'inference.template.spec';
    expect(problems(workspaceWith({ inference: { template: {} } }))).toEqual([`error MissingField ${at}`]);
    expect(problems(template('x'))).toEqual([`error InvalidType ${at}`]);
    expect(problems(template({}))).toEqual([`error MissingField ${at}.containers`]);
    expect(problems(template({ containers: [] }))).toEqual([`error InvalidValue ${at}.containers`]);
    expect(problems(template({ containers: [{ name: 'a' }, 1, { image: 'x', name: '' }] }))).toEqual([
      `error MissingField ${at}.containers[0].image`,
      `error InvalidType ${at}.containers[1]`,
      `error InvalidType ${at}.containers[2].name`,
    ]);
    expect(problems(template({ containers: [container, container] }))).toEqual([
      `error InvalidValue ${at}.containers[1].name`,
    ]);
    expect(problems(template({ containers: [{ name: 'a', image: 'A B' }] }))).toEqual([
      `error InvalidValue ${at}.containers[0].image`,
    ]);
  });

  describe('adapters', () => {
    test('come from urls or an image', () => {
      expect(adapters([{ source, strength: '0.5' }, { source: { name: 'two', image: 'acr.io/two:1' } }])).toEqual([]);
      const at = 'inference.adapters[0].source';
      expect(adapters([{}])).toEqual([`error MissingField ${at}`]);
      expect(adapters([{ source: {} }])).toEqual([`error MissingField ${at}.name`, `error MissingField ${at}.urls`]);
      expect(adapters([{ source: { ...source, image: 'x' } }])).toEqual([`error MutuallyExclusive ${at}.image`]);
      expect(adapters([{ source: { ...source, urls: ['ftp://x/y', 'nonsense'] } }])).toEqual([
        `error InvalidValue ${at}.urls[0]`,
        `error InvalidValue ${at}.urls[1]`,
      ]);
      expect(adapters([{ source: { name: 'a', image: 'A B' } }])).toEqual([`error InvalidValue ${at}.image`]);
    });

    test('have names of their own, at most ten', () => {
      expect(adapters([{ source }, { source }])).toEqual(['error InvalidValue inference.adapters[1].source.name']);
      const many = Array.from({ length: 11 }, (_, index) => ({ source: { ...source, name: `a${index}` } }));
      expect(adapters(many.slice(1))).toEqual([]);
      expect(adapters(many)).toEqual(['error InvalidValue inference.adapters']);
    });

    test.each(['0', '1', '1.0', '0.25'])('strength "%s" is right', (strength) => {
      expect(adapters([{ source, strength }])).toEqual([]);
    });

    test.each(['1.1', '-0.1', '', 'x', '.5', '2', 'NaN', '1e-1'])('strength "%s" is refused', (strength) => {
      expect(adapters([{ source, strength }])).toEqual(['error InvalidValue inference.adapters[0].strength']);
    });

    test('strength is a string', () => {
      expect(adapters([{ source, strength: 0.5 }])).toEqual(['error InvalidType inference.adapters[0].strength']);
    });
  });
});

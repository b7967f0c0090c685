import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { workspaceVersions } from '../workspace.ts';
import { convert } from './convert.ts';
import { validateWorkspace } from './validate.ts';

test('there and back is the same, whatever the Workspace holds', () => {
  fc.assert(
    fc.property(
      workspaceArbitrary,
      fc.constantFrom(...workspaceVersions),
      fc.jsonValue(),
      (workspace, version, unheard) => {
        const object = { ...workspace, unheard };
        const converted = convert(object, version);
        expect(converted.apiVersion).toBe(version);
        expect({ ...converted, apiVersion: workspace.apiVersion }).toEqual(object);
        expect(convert(converted, workspace.apiVersion)).toEqual(object);
      },
    ),
  );
});

test('what one version admits, the other admits', () => {
  fc.assert(
    fc.property(workspaceArbitrary, (workspace) => {
      const [alpha, beta] = workspaceVersions.map((version) => validateWorkspace(convert(workspace, version)));
      expect(alpha).toEqual(beta);
    }),
  );
});

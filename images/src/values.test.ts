import { describe, expect, it } from 'vitest';
import { helmValues } from './values.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe('helmValues', () => {
  it('names each image by tag and digest, and only those that were built', () => {
    const built = [
      { name: 'server', digest: digest('2') },
      { name: 'operator', digest: digest('1') },
    ] as const;
    expect(helmValues(built, 'registry.example/kaito', '1.2.3')).toBe(
      `imageRegistry: registry.example/kaito
operator:
  image:
    repository: kaito-workspace
    tag: 1.2.3@${digest('1')}
  serverImage:
    repository: kaito-server
    tag: 1.2.3@${digest('2')}
`,
    );
  });

  it('takes the server for GPUs where both are there', () => {
    const both = [
      { name: 'server-cuda', digest: digest('3') },
      { name: 'server', digest: digest('2') },
    ] as const;
    const values = helmValues(both, 'registry.example', '1.2.3');
    expect(values).toContain(`tag: 1.2.3-cuda@${digest('3')}`);
    expect(values).not.toContain(digest('2'));
  });
});

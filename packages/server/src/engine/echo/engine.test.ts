import { engineConformance } from '../conformance.ts';
import { openEchoEngine } from './engine.ts';

const loadedAt = '2026-01-01T00:00:00Z';
engineConformance('echo', async () => openEchoEngine({ loadedAt }));
engineConformance('echo with embeddings, one place and a slow token', async () =>
  openEchoEngine({ loadedAt, embeddings: true, parallel: 1, tokenDelayMs: 1 }),
);

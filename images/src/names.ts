/** A target of the Containerfile. */
export type ImageName = 'operator' | 'provisioner' | 'server' | 'server-cuda';

/** A program of an image: a package of this repository, whose `src/main.ts` is started by a command on PATH. */
export interface Program {
  readonly package: string;
  readonly command: string;
}

/** An image: its repository's name, as the chart has it, and what is in it. */
export interface ImageContents {
  readonly repository: string;
  readonly programs: readonly Program[];
  /** Whether it runs models. */
  readonly engine?: true;
}

export const images: Readonly<Record<'operator' | 'provisioner' | 'server', ImageContents>> = {
  operator: { repository: 'kaito-workspace', programs: [{ package: 'workspace', command: 'kaito-workspace' }] },
  provisioner: {
    repository: 'kaito-gpu-provisioner',
    programs: [{ package: 'provisioner', command: 'kaito-gpu-provisioner' }],
  },
  server: {
    repository: 'kaito-server',
    programs: [
      { package: 'server', command: 'kaito-server' },
      { package: 'weights', command: 'kaito-weights' },
    ],
    engine: true,
  },
};

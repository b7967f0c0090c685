/** A target of the Containerfile. */
export type ImageName = 'operator' | 'provisioner' | 'server' | 'server-cuda';

/** A program of an image: a package of this repository, whose `src/main.ts` is started by a command on PATH. */
export interface Program {
  readonly package: string;
  readonly command: string;
}

/** An image: what a registry has it as, and what is in it. */
export interface ImageContents {
  readonly repository: string;
  /** Added to the tag, which is otherwise the version. */
  readonly tagSuffix?: string;
  readonly programs: readonly Program[];
  /** Whether models run in it. */
  readonly engine?: true;
  /** Whether they run on NVIDIA's GPUs too. Then it is a further layer on the image that runs them on the processor alone. */
  readonly cuda?: true;
}

const server = {
  repository: 'kaito-server',
  programs: [
    { package: 'server', command: 'kaito-server' },
    { package: 'weights', command: 'kaito-weights' },
  ],
  engine: true,
} as const;

/** Repositories are those that `charts/kaito` names by default. */
export const images: Readonly<Record<ImageName, ImageContents>> = {
  operator: { repository: 'kaito-workspace', programs: [{ package: 'workspace', command: 'kaito-workspace' }] },
  provisioner: {
    repository: 'kaito-gpu-provisioner',
    programs: [{ package: 'provisioner', command: 'kaito-gpu-provisioner' }],
  },
  server,
  'server-cuda': { ...server, tagSuffix: '-cuda', cuda: true },
};

export const imageNames = Object.keys(images) as readonly ImageName[];

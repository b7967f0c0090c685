/** GPU models by the token that names them in a node's product label or in an Azure size name. */
const models: Readonly<Record<string, string>> = {
  K80: 'NVIDIA K80',
  M60: 'NVIDIA M60',
  P40: 'NVIDIA P40',
  P100: 'NVIDIA P100',
  V100: 'NVIDIA V100',
  T4: 'NVIDIA T4',
  A10: 'NVIDIA A10',
  A100: 'NVIDIA A100',
  H100: 'NVIDIA H100',
  H200: 'NVIDIA H200',
  V620: 'AMD Radeon PRO V620',
};

/** CUDA compute capability by model (developer.nvidia.com/cuda-gpus). */
export const computeCapabilities: Readonly<Record<string, string>> = {
  'NVIDIA K80': '3.7',
  'NVIDIA M60': '5.2',
  'NVIDIA P40': '6.1',
  'NVIDIA P100': '6.0',
  'NVIDIA V100': '7.0',
  'NVIDIA T4': '7.5',
  'NVIDIA A10': '8.6',
  'NVIDIA A100': '8.0',
  'NVIDIA H100': '9.0',
  'NVIDIA H100 NVL': '9.0',
  'NVIDIA H200': '9.0',
};

/** The catalog's name of the GPU that these tokens name, e.g. of `Tesla-T4` or `NVIDIA-H100-NVL`; undefined where none is known. */
export function gpuModelOf(tokens: readonly string[]): string | undefined {
  const upper = tokens.map((token) => token.toUpperCase());
  const token = upper.find((candidate) => Object.hasOwn(models, candidate));
  if (token === undefined) return undefined;
  return token === 'H100' && upper.includes('NVL') ? 'NVIDIA H100 NVL' : models[token];
}

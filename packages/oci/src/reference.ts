import { parseDigest } from './digest.ts';
import { OciError } from './errors.ts';

/** An image or artifact reference, with the defaults filled in. */
export interface Reference {
  /** Host and port, `docker.io` for Docker Hub. */
  readonly registry: string;
  readonly repository: string;
  /** `latest`, unless told otherwise, where neither tag nor digest was given. */
  readonly tag?: string;
  readonly digest?: string;
}

// The grammar of github.com/distribution/reference: domain, path components, tag.
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`);
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST_NAME = 255;

/**
 * Reads `[registry/]repository[:tag][@digest]` as Docker does: no registry means `docker.io`, a single component there is in `library/`, neither tag nor
 * digest means `defaultTag`. A leading `oci://` or `docker://` is taken off. Throws OciError `InvalidReference`.
 */
export function parseReference(text: string, defaultTag = 'latest'): Reference {
  const bare = text.replace(/^(oci|docker):\/\//, '');
  const [beforeDigest = '', digest, ...more] = bare.split('@');
  if (more.length > 0) throw invalid(text, 'it has more than one @');
  if (digest !== undefined && parseDigest(digest) === undefined) throw invalid(text, `"${digest}" is not a digest`);
  const lastSlash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', lastSlash + 1);
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  const { registry, path } = splitRegistry(name);
  if (!DOMAIN.test(registry)) throw invalid(text, `"${registry}" is not a registry's host`);
  if (!REPOSITORY.test(path))
    throw invalid(text, `"${path}" is not a repository (lower-case letters, digits and . _ - / between)`);
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + repository.length + 1 > LONGEST_NAME)
    throw invalid(text, `its name is longer than ${LONGEST_NAME} characters`);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(tag === undefined && digest === undefined ? { tag: defaultTag } : {}),
  };
}

function splitRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/');
  const head = name.slice(0, slash);
  const isHost = slash > 0 && (/[.:]/.test(head) || head === 'localhost' || head !== head.toLowerCase());
  if (!isHost) return { registry: 'docker.io', path: name };
  const registry = head === 'index.docker.io' || head === 'registry-1.docker.io' ? 'docker.io' : head;
  return { registry, path: name.slice(slash + 1) };
}

/** The full text of a reference; `parseReference` gives the same reference back. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

function invalid(text: string, why: string): OciError {
  return new OciError('InvalidReference', `"${text.slice(0, 300)}" is not a reference: ${why}.`, {
    remedy: 'Write it as registry/repository:tag or registry/repository@sha256:….',
  });
}

import type { ArmError } from '../errors/arm-error.ts';
import {
  invalidApiVersion,
  invalidRequestUri,
  invalidResourceNamespace,
  invalidResourceType,
  methodNotAllowed,
  missingApiVersion,
  noRegisteredProvider,
} from '../errors/request-errors.ts';
import { missingSubscription } from '../errors/resource-errors.ts';
import { type PathPattern, matchPath, pathPattern } from './path-pattern.ts';
import { readPath, typeOf } from './resource-path.ts';
import type { ArmRoute } from './service.ts';

export interface RouteMatch {
  readonly route: ArmRoute;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Router {
  /** The route of a call. @throws ArmError as Azure answers what it does not know */
  find(method: string, path: string, apiVersion: string | null): RouteMatch;
  /** The route of a call, of whatever version. */
  any(method: string, path: string): RouteMatch | undefined;
}

/** Finds routes by path, then by method and api-version; of two that fit, the one with more literal segments. */
export function createRouter(routes: readonly ArmRoute[]): Router {
  const patterns = routes
    .map((route) => ({ route, pattern: pathPattern(route.path) }))
    .toSorted((a, b) => b.pattern.literals - a.pattern.literals);
  const namespaces = new Set(
    patterns.flatMap(({ pattern }) => pattern.segments.filter((_, at) => pattern.segments[at - 1] === 'providers')),
  );
  function fitting(path: string): { route: ArmRoute; pattern: PathPattern; parameters: Record<string, string> }[] {
    return patterns.flatMap(({ route, pattern }) => {
      const parameters = matchPath(pattern, path);
      return parameters === undefined ? [] : [{ route, pattern, parameters }];
    });
  }

  return {
    any: (method, path) => fitting(path).find(({ route }) => route.method === method),
    find(method, path, apiVersion) {
      const all = fitting(path);
      const first = all[0];
      if (first === undefined) throw unknownPath(path, apiVersion, namespaces);
      const alike = all.filter(({ pattern }) => pattern.literals === first.pattern.literals);
      const candidates = alike.filter(({ route }) => route.method === method);
      if (candidates.length === 0) throw methodNotAllowed(method);
      if (apiVersion === null) throw missingApiVersion();
      const match = candidates.find(({ route }) => route.apiVersions.includes(apiVersion));
      if (match === undefined) {
        const supported = [...new Set(candidates.flatMap(({ route }) => route.apiVersions))].toSorted();
        throw unknownVersion(path, apiVersion, supported);
      }
      return match;
    },
  };
}

function unknownVersion(path: string, version: string, supported: readonly string[]): ArmError {
  const { namespace, rest } = readPath(path);
  if (namespace === undefined || rest.length === 0) return invalidApiVersion(version, supported);
  const location = rest[0]?.toLowerCase() === 'locations' ? (rest[1] ?? '') : '';
  return noRegisteredProvider(version, typeOf(rest), location, supported);
}

function unknownPath(path: string, version: string | null, namespaces: ReadonlySet<string>): ArmError {
  const { subscriptionId, namespace, rest } = readPath(path);
  if (namespace === undefined) return subscriptionId === undefined ? missingSubscription() : invalidRequestUri(path);
  if (!namespaces.has(namespace.toLowerCase())) return invalidResourceNamespace(namespace);
  return invalidResourceType(namespace, typeOf(rest), version ?? '');
}

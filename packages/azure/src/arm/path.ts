import { AzureError } from '../errors/azure-error.ts';

/** A path of Resource Manager from its segments, each escaped. @throws AzureError `InvalidRequest` for a segment that would lead elsewhere */
export function armPath(...segments: readonly string[]): string {
  return segments.map((segment) => `/${escaped(segment)}`).join('');
}

/** The path of a scope or a resource id, such as `/subscriptions/S/resourceGroups/G`; checked as `armPath` does. */
export function scopePath(scope: string): string {
  if (!scope.startsWith('/')) throw invalid(scope);
  const trimmed = scope.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : armPath(...trimmed.split('/'));
}

function escaped(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..') throw invalid(segment);
  return encodeURIComponent(segment);
}

function invalid(text: string): AzureError {
  return new AzureError('InvalidRequest', {
    message: `"${text}" is no name or id of a resource of Azure`,
    remedy: 'give the whole id, which begins with /subscriptions/',
    retry: 'never',
  });
}

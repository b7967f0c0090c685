import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import { placeholderIn } from './placeholder.ts';

const host =
  '(?:[A-Za-z0-9]|[A-Za-z0-9][-A-Za-z0-9]*[A-Za-z0-9])(?:\\.(?:[A-Za-z0-9]|[A-Za-z0-9][-A-Za-z0-9]*[A-Za-z0-9]))*(?::[0-9]{1,5})?';
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const reference = new RegExp(
  `^(?:${host}/)?${component}(?:/${component})*(?::[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

/** What is wrong with an image reference. Grammar: https://pkg.go.dev/github.com/distribution/reference. */
export function imageFindings(image: string, path: Path): Finding[] {
  const at = formatPath(path);
  const invalid = (message: string, remedy: string): Finding[] => [
    { code: 'InvalidValue', severity: 'error', path: at, message, remedy },
  ];
  const placeholder = placeholderIn(image);
  if (placeholder !== undefined)
    return invalid(`${at} still holds the placeholder ${placeholder}.`, 'Put the value in its place.');
  if (/^[a-z]+:\/\//.test(image)) {
    return invalid(
      `${at} is a URL, not an image reference.`,
      `Write it without the scheme: ${image.replace(/^[a-z]+:\/\//, '')}.`,
    );
  }
  if (image.length > 1024 || !reference.test(image)) {
    return invalid(
      `${at} is ${describeValue(image)}, which is no image reference.`,
      'Write it as registry/name:tag, the name in lower case.',
    );
  }
  return [];
}

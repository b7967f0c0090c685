/**
 * A placeholder that was left in a value: a shell variable (`${TAG}`, `$TAG`), `<your-image>` or `{{ template }}`. Undefined when there
 * is none.
 */
export function placeholderIn(value: string): string | undefined {
  return /\$\{\w+\}|\$[A-Za-z_]\w*|<[^<>]{1,64}>|\{\{[^{}]{1,64}\}\}/.exec(value)?.[0];
}

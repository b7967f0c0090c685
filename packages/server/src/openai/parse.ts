import type { z } from 'zod';
import { badParameter, HttpError } from '../http/errors.ts';

/** Fields of OpenAI's API that no engine here acts on, with the values that ask for nothing. */
export type OffValues = Readonly<Record<string, readonly unknown[]>>;

/**
 * Checks a body against a strict schema. Throws 400 in OpenAI's way, naming the parameter: what it must be, that it is unknown, or that it is not
 * supported. `null` counts as absent for optional fields.
 */
export function parseRequest<T extends z.ZodType>(schema: T, body: unknown, off: OffValues): z.output<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'The request body must be a JSON object.', { code: 'invalid_type' });
  }
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(off, name)) {
      if (value !== null) given[name] = value;
      continue;
    }
    const idle = value === null || off[name]!.some((each) => JSON.stringify(each) === JSON.stringify(value));
    if (!idle) throw badParameter(name, `${name} is not supported by this server.`, 'unsupported_parameter');
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw toError(parsed.error.issues[0]!);
}

function toError(issue: z.core.$ZodIssue): HttpError {
  const path = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!;
    const param = path === '' ? name : `${path}.${name}`;
    return badParameter(param, `Unrecognized request argument supplied: ${param}`, 'unknown_parameter');
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return badParameter(path, `Missing or wrong parameter ${path}: ${issue.message}.`, 'invalid_type');
  }
  return badParameter(path, `Invalid ${path}: ${issue.message}.`);
}

/** `messages[0].content`, as OpenAI writes the place of a problem. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

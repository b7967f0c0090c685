import type { z } from 'zod';
import { HttpError } from './errors.ts';

/** The message of integer checks, which tells them from other numbers. */
export const notAnInteger = 'value is not a valid integer';

/** FastAPI's words for a failed check (pydantic 1), by what zod expected. */
const expectations: Readonly<Record<string, readonly [msg: string, type: string]>> = {
  number: ['value is not a valid float', 'type_error.float'],
  boolean: ['value could not be parsed to a boolean', 'type_error.bool'],
  string: ['str type expected', 'type_error.str'],
  object: ['value is not a valid dict', 'type_error.dict'],
  record: ['value is not a valid dict', 'type_error.dict'],
  array: ['value is not a valid list', 'type_error.list'],
};

/** Checks a body against a schema. Throws 422 with FastAPI's `detail` list: for each problem its place, message and type. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  if (body === undefined) {
    throw unprocessable([{ loc: ['body'], msg: 'field required', type: 'value_error.missing' }]);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw unprocessable(parsed.error.issues.map((issue) => ({ loc: ['body', ...issue.path], ...wording(issue) })));
}

function unprocessable(detail: readonly unknown[]): HttpError {
  return new HttpError(422, 'The request body is not valid.', { detail });
}

function wording(issue: z.core.$ZodIssue): { msg: string; type: string } {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.message === notAnInteger) return { msg: notAnInteger, type: 'type_error.integer' };
      const known = expectations[issue.expected];
      return known === undefined ? { msg: issue.message, type: 'value_error' } : { msg: known[0], type: known[1] };
    }
    case 'too_small': {
      const word = issue.inclusive === false ? 'greater than' : 'greater than or equal to';
      return {
        msg: `ensure this value is ${word} ${issue.minimum}`,
        type: `value_error.number.not_${issue.inclusive === false ? 'gt' : 'ge'}`,
      };
    }
    case 'too_big':
      return { msg: `ensure this value is less than or equal to ${issue.maximum}`, type: 'value_error.number.not_le' };
    default:
      return { msg: issue.message, type: 'value_error' };
  }
}

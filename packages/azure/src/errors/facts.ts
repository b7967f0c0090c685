import { listOf, objectOf, parseJson, textOf } from '../json.ts';

/** What an answer says about an error, gathered from wherever Azure's services put it. */
export interface ErrorFacts {
  readonly status: number | undefined;
  /** Azure's codes, the outermost first. Empty: the answer is not an error of Azure's services. */
  readonly codes: readonly string[];
  /** All that is said, for looking things up. */
  readonly text: string;
  /** What says most. */
  readonly says: string;
  /** Names of policies, where one said no. */
  readonly policies: readonly string[];
}

interface Said {
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** Nothing of Azure nests deeper, and a server that does is not followed. */
const deepest = 8;
const mostSaid = 50;
const longestMessage = 16_000;
/** Codes that only say that something below them failed. */
const wrappers =
  /^(BadRequest|Conflict|DeploymentFailed|ResourceDeploymentFailure|InvalidTemplateDeployment|MultipleErrorsOccurred|OperationFailed|ValidationError|Failed)$/i;

/** Reads the body of an error, whatever it looks like. Never throws. */
export function errorFacts(status: number | undefined, body: unknown): ErrorFacts {
  const said: Said[] = [];
  const policies: string[] = [];
  collect(body, 0, said, policies);
  const texts = said.flatMap(({ message }) => (message === undefined ? [] : [message]));
  const text = texts.join(' ');
  const codes = [...said.flatMap(({ code }) => (code === undefined ? [] : [code])), ...embeddedCodes(text)];
  return { status, codes: [...new Set(codes)], text, says: telling(said), policies: [...new Set(policies)] };
}

function collect(value: unknown, depth: number, said: Said[], policies: string[]): void {
  const object = objectOf(value);
  if (object === undefined || depth > deepest || said.length >= mostSaid) return;
  const code = textOf(object['code']);
  const whole = textOf(object['message']) ?? textOf(objectOf(object['message'])?.['value']);
  const nested = whole !== undefined && /^\s*\{/.test(whole) ? parseJson(whole) : undefined;
  const message = whole?.slice(0, longestMessage);
  if (nested !== undefined) collect(nested, depth + 1, said, policies);
  if (code !== undefined || message !== undefined)
    said.push({ code, message: nested === undefined ? message : undefined });
  const subcode = textOf(object['subcode']);
  if (subcode !== undefined) said.push({ code: subcode, message: undefined });
  for (const key of ['error', 'odata.error', 'innererror', 'innerError'])
    collect(object[key], depth + 1, said, policies);
  for (const detail of listOf(object['details'])) collect(detail, depth + 1, said, policies);
  for (const info of listOf(object['additionalInfo'])) {
    const about = objectOf(objectOf(info)?.['info']);
    for (const key of ['policyAssignmentDisplayName', 'policyDefinitionDisplayName']) {
      const name = textOf(about?.[key]);
      if (name !== undefined) policies.push(name);
    }
  }
}

/** AKS hands on errors of Compute as text: `Code="SkuNotAvailable" Message="…"`, `SubCode: OutOfQuota;`. */
function embeddedCodes(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:Sub)?Code\\?(?:=\\?"|: ?"?)(\w{3,80})/gi)].map(([, code]) => code!);
}

function telling(said: readonly Said[]): string {
  const messages = said.flatMap(({ message }) => (message === undefined ? [] : [message]));
  const embedded = /Message\\?=\\?"(.+?)\\?"(?: Target|;|\s*$| [A-Z])/s.exec(messages.join(' '))?.[1];
  if (embedded !== undefined && embedded.length > 10) return embedded;
  const [first] = said;
  const inner = said.slice(1).find(({ message }) => message !== undefined)?.message;
  return (
    (first?.code !== undefined && wrappers.test(first.code) ? (inner ?? first.message) : first?.message) ?? inner ?? ''
  );
}

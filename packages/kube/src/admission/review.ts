import type { KubeObject } from '../object.ts';

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** `request` of an `admission.k8s.io/v1` AdmissionReview, as the API server sent it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subResource?: string;
  readonly requestKind?: GroupVersionKind;
  readonly requestResource?: GroupVersionResource;
  readonly requestSubResource?: string;
  /** Empty for a create with generateName, at some servers. */
  readonly name?: string;
  readonly namespace?: string;
  readonly userInfo: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  /** Null on DELETE. */
  readonly object: KubeObject | null;
  /** Null on CREATE. */
  readonly oldObject: KubeObject | null;
  readonly dryRun?: boolean;
  readonly options?: unknown;
}

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** What a handler decides. */
export interface Verdict {
  readonly allowed: boolean;
  /** Shown to the person, after `admission webhook "…" denied the request: `. */
  readonly message?: string;
  /** HTTP status of the refusal as the API server's client sees it; the API server makes 400 of anything lower. */
  readonly code?: number;
  /** `BadRequest`, `Invalid`, `Forbidden`, …: the word kubectl prints in brackets. */
  readonly reason?: string;
  /** The single faults of a refusal, for programs (`status.details.causes`). */
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
  /** Shown by kubectl whether or not the request is allowed. Keep each under 256 characters: the API server cuts long ones. */
  readonly warnings?: readonly string[];
  /** What to change about the object; mutating webhooks only. */
  readonly patch?: readonly JsonPatchOperation[];
}

/** Decides about one request. What it throws becomes a refusal with code 500; it is never the cause of a dead connection. */
export type AdmissionHandler = (request: AdmissionRequest) => Verdict | Promise<Verdict>;

/** The body is no AdmissionReview that can be answered. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
}

const apiVersion = 'admission.k8s.io/v1';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the request out of an AdmissionReview. @throws ReviewError */
export function readReview(body: string): AdmissionRequest {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch {
    throw new ReviewError('the body is not JSON');
  }
  if (!isRecord(review) || review['kind'] !== 'AdmissionReview' || review['apiVersion'] !== apiVersion)
    throw new ReviewError(`the body is no AdmissionReview of ${apiVersion}`);
  const { request } = review;
  if (!isRecord(request)) throw new ReviewError('the AdmissionReview has no request');
  const { uid, operation, object = null, oldObject = null, userInfo = {} } = request;
  if (typeof uid !== 'string' || uid === '') throw new ReviewError('the request has no uid');
  if (typeof operation !== 'string') throw new ReviewError('the request has no operation');
  for (const field of ['kind', 'resource'])
    if (!isRecord(request[field])) throw new ReviewError(`the request has no ${field}`);
  for (const [field, value] of Object.entries({ object, oldObject }))
    if (value !== null && !isRecord(value)) throw new ReviewError(`the request's ${field} is no object`);
  return { ...request, object, oldObject, userInfo } as unknown as AdmissionRequest;
}

/** The AdmissionReview that answers a request, as JSON. */
export function writeReview(uid: string, verdict: Verdict): string {
  const { allowed, message, code, reason, causes, warnings, patch } = verdict;
  const status = allowed
    ? undefined
    : {
        status: 'Failure',
        code: code ?? 403,
        ...(message === undefined ? {} : { message }),
        ...(reason === undefined ? {} : { reason }),
        ...(causes === undefined ? {} : { details: { causes } }),
      };
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(status === undefined ? {} : { status }),
      ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
      ...(allowed && patch !== undefined && patch.length > 0
        ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
        : {}),
    },
  });
}

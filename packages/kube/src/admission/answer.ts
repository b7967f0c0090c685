import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { WebhookMetrics } from '../metrics/metrics.ts';
import { BodyError, readBody } from './body.ts';
import { readReview, ReviewError, writeReview } from './review.ts';
import type { AdmissionHandler, AdmissionRequest, Verdict } from './review.ts';

export interface Route {
  readonly handler: AdmissionHandler;
  readonly metrics: WebhookMetrics | undefined;
}

export interface AnswerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  readonly handlerTimeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** For the metrics, where it differs from the HTTP status: 500 for a handler that failed. */
  readonly code?: number;
}

/** Reads one HTTP request, asks the route's handler and answers. Never rejects. */
export async function answerRequest(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  const { clock } = options;
  const startedAt = clock.monotonic();
  route.metrics?.started();
  const { status, body, code } = await answered(route, request, options);
  if (!response.destroyed) send(response, status, body);
  route.metrics?.finished(code ?? status, (clock.monotonic() - startedAt) / 1000);
}

/** Sends a JSON body. A body of the request that was not read ends the connection, or it would be taken for the next request. */
export function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(response.req.complete ? {} : { connection: 'close' }),
    ...headers,
  });
  response.end(body);
}

/** A `metav1.Status` of failure, as JSON. */
export function failure(code: number, reason: string, message: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message });
}

function refused(status: number, reason: string, message: string): Answer {
  return { status, body: failure(status, reason, message) };
}

async function answered(route: Route, request: IncomingMessage, options: AnswerOptions): Promise<Answer> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== 'application/json')
    return refused(415, 'UnsupportedMediaType', `content type ${JSON.stringify(type)} is not application/json`);
  let review: AdmissionRequest;
  try {
    review = readReview(await readBody(request, options.maxBodyBytes));
  } catch (error) {
    if (error instanceof ReviewError) return refused(400, 'BadRequest', error.message);
    if (error instanceof BodyError) return refused(error.status, error.reason, error.message);
    options.logger.log('warn', 'cannot read an admission request', { error });
    return refused(400, 'BadRequest', 'the request cannot be read');
  }
  return await judged(route.handler, review, options);
}

async function judged(handler: AdmissionHandler, request: AdmissionRequest, options: AnswerOptions): Promise<Answer> {
  const { logger } = options;
  const about = () => ({
    kind: request.kind.kind,
    namespace: request.namespace,
    name: request.name,
    operation: request.operation,
    user: request.userInfo.username,
  });
  try {
    const decision = handler(request);
    const verdict = decision instanceof Promise ? await inTime(decision, options) : decision;
    const body = writeReview(request.uid, verdict);
    if (!verdict.allowed) logger.log('info', 'denied', { ...about(), reason: verdict.message });
    return { status: 200, body };
  } catch (error) {
    logger.log('error', 'the admission handler failed; the request is denied', { ...about(), error });
    const denied: Verdict = { allowed: false, code: 500, reason: 'InternalError', message: 'internal error' };
    return { status: 200, code: 500, body: writeReview(request.uid, denied) };
  }
}

async function inTime<T>(decision: Promise<T>, { clock, handlerTimeoutMs }: AnswerOptions): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(handlerTimeoutMs, () =>
    late.reject(new Error(`no verdict within ${handlerTimeoutMs / 1000} s`)),
  );
  try {
    return await Promise.race([decision, late.promise]);
  } finally {
    cancel();
  }
}

import type { IncomingMessage } from 'node:http';

/** The body cannot be taken. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The whole body as text. @throws BodyError when it is larger than `maxBytes` or breaks off. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const tooLarge = () => {
    request.pause();
    reject(new BodyError(413, 'RequestEntityTooLarge', `the request is larger than ${maxBytes} bytes`));
  };
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    tooLarge();
    return promise;
  }
  const pieces: Buffer[] = [];
  let size = 0;
  request
    .on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > maxBytes) tooLarge();
      else pieces.push(piece);
    })
    .on('end', () => resolve((pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)).toString('utf8')))
    .on('error', () => reject(new BodyError(400, 'BadRequest', 'the request broke off')));
  return promise;
}

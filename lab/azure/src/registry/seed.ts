import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface SyntheticImage {
  readonly repository: string;
  readonly tag: string;
  readonly layers: number;
  /** Of the one file in each layer; less than 8 GiB. */
  readonly layerBytes: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const standIn = 'A synthetic stand-in: random bytes in place of what this name stands for.';

/** Pushes an image of random files into a registry on this machine (`127.0.0.1:PORT`). Its bytes follow from its names. Resolves with its digest. */
export async function seedImage(address: string, image: SyntheticImage): Promise<string> {
  const { repository, tag } = image;
  const layers = [];
  for (let index = 0; index < image.layers; index += 1) {
    layers.push({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      ...(await pushBlob(address, repository, layerOf(`${repository}:${tag}#${index}`, index, image.layerBytes))),
    });
  }
  const config = await pushBlob(address, repository, [
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        created: '1970-01-01T00:00:00Z',
        config: { Labels: { ...image.labels, 'org.opencontainers.image.description': standIn } },
        rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      }),
    ),
  ]);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers,
      annotations: { 'org.opencontainers.image.description': standIn },
    }),
  );
  await send(address, 'PUT', `/v2/${repository}/manifests/${tag}`, { 'content-type': mediaType }, [manifest]);
  return digestOf(createHash('sha256').update(manifest));
}

/** Whether a registry has a tag. */
export async function hasTag(address: string, repository: string, tag: string): Promise<boolean> {
  const answer = await fetch(`http://${address}/v2/${repository}/tags/list`);
  const { tags } = (await answer.json()) as { readonly tags?: readonly string[] | null };
  return tags?.includes(tag) ?? false;
}

async function pushBlob(
  address: string,
  repository: string,
  content: Iterable<Buffer>,
): Promise<{ readonly digest: string; readonly size: number }> {
  const started = await send(address, 'POST', `/v2/${repository}/blobs/uploads/`, { 'content-length': '0' }, []);
  const hash = createHash('sha256');
  let size = 0;
  const counted = function* (): Generator<Buffer> {
    for (const chunk of content) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await send(address, 'PATCH', started, headers, counted());
  const digest = digestOf(hash);
  const end = `${sent}${sent.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
  await send(address, 'PUT', end, { 'content-length': '0' }, []);
  return { digest, size };
}

/** Resolves with the answer's Location. */
async function send(
  address: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Iterable<Buffer>,
): Promise<string> {
  const outgoing = request(new URL(path, `http://${address}`), { method, headers });
  const answering = async (): Promise<string> => {
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const said = await text(answer);
    if (answer.statusCode !== undefined && answer.statusCode < 300) return answer.headers.location ?? '';
    throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`);
  };
  const [location] = await Promise.all([answering(), pipeline(Readable.from(body, { objectMode: false }), outgoing)]);
  return location;
}

/** A tar archive with one file of random bytes that follow from the seed. */
function* layerOf(seed: string, index: number, bytes: number): Generator<Buffer> {
  yield tarHeader(`stand-in/layer-${index}.bin`, bytes);
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(1 << 20);
  for (let left = bytes; left > 0; left -= zeros.length)
    yield stream.update(zeros.subarray(0, Math.min(left, zeros.length)));
  yield Buffer.alloc((512 - (bytes % 512)) % 512);
  yield Buffer.alloc(1024);
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

/** A ustar header (POSIX.1-1988), for less than 8 GiB. */
function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)} `, 148);
  return header;
}

function digestOf(hash: ReturnType<typeof createHash>): string {
  return `sha256:${hash.digest('hex')}`;
}

import { type Server, createServer } from 'node:http';

/** What the llama-2 images serve on ranks other than 0. There is no GPU to tell of. */
const answers: Readonly<Record<string, object>> = { '/healthz': { status: 'Healthy' }, '/metrics': { gpu_info: [] } };

/** Serves it at the address. Rejects with Node's error where it can't listen. */
export async function serveRankHealth(host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', 'http://rank').pathname];
    const [status, body] =
      answer === undefined
        ? [404, { detail: 'Not Found' }]
        : request.method !== 'GET'
          ? [405, { detail: 'Method Not Allowed' }]
          : [200, answer];
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
}

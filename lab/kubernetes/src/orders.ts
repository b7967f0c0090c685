import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LabError } from './error.ts';

/** Sends the supervisor of the lab in `directory` an order, and gives back its answer. @throws LabError with what it says against it. */
export function order(
  directory: string,
  path: string,
  { method = 'POST', body }: { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly body?: object } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(directory, 'orders'), path, method }, (answer) => {
      const took = (said: string): void => {
        if (answer.statusCode === 200) resolve(said);
        else if (answer.statusCode === 404) {
          reject(new LabError(`the lab knows nothing of ${path}`, 'npm run lab -- --help'));
        } else reject(new LabError(said, `read ${directory}/supervisor.log`));
      };
      text(answer).then(took, reject);
    });
    sent.once('error', (cause) =>
      reject(
        new LabError(`the lab in ${directory} does not answer: ${cause.message}`, 'has it ended? npm run lab -- list', {
          cause,
        }),
      ),
    );
    sent.end(body === undefined ? '' : JSON.stringify(body));
  });
}

import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from './cluster-config.ts';
import type { Credential, Credentials } from './cluster-config.ts';
import type { ExecEntry } from './kubeconfig.ts';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** A plugin that asks nobody anything has a network request or two to make. */
const quietLimitMs = 60_000;
/** What is kept of its complaints. */
const tailLength = 2_000;

export interface ExecPluginOptions {
  readonly entry: ExecEntry;
  /** For messages: `user "ada" of /home/ada/.kube/config`. */
  readonly where: string;
  /** Of the kubeconfig: a relative command begins there. */
  readonly folder: string;
  /** `spec.cluster` of what the plugin is told, where it asks for it. */
  readonly cluster: unknown;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person sits at a terminal. */
  readonly terminal: boolean;
  /** Where the plugin's own words to a person go (device codes). */
  readonly say: (text: string) => void;
}

interface Held {
  readonly credential: Credential;
  readonly expiresAt: number | undefined;
}

/** Credentials from a program, such as kubelogin or aws: run when needed, kept until they expire, run anew after a 401. */
export class ExecPlugin implements Credentials {
  readonly #options: ExecPluginOptions;
  #held: Held | undefined;
  #running: Promise<Credential> | undefined;

  /** @throws ConfigError for an entry that cannot work. */
  constructor(options: ExecPluginOptions) {
    this.#options = options;
    const { entry, where } = options;
    if (typeof entry.command !== 'string' || entry.command === '')
      throw new ConfigError(
        'ExecPluginInvalid',
        `exec of ${where} names no command`,
        'set exec.command in the kubeconfig',
      );
    if (!versions.includes(entry.apiVersion ?? ''))
      throw new ConfigError(
        'ExecPluginVersion',
        `exec of ${where} speaks ${entry.apiVersion ?? 'no version'}, which Kubernetes has removed`,
        `set exec.apiVersion to ${versions[0]}, or fetch the kubeconfig again; kubelogin convert-kubeconfig does it for Azure`,
      );
    if (entry.interactiveMode === 'Always' && !options.terminal)
      throw new ConfigError(
        'ExecPluginNeedsTerminal',
        `exec of ${where} (${entry.command}) must ask a person, and there is no terminal`,
        'log in at a terminal first, or use a login mode that asks nobody (kubelogin convert-kubeconfig -l azurecli)',
      );
  }

  current(): Credential | Promise<Credential> {
    const held = this.#held;
    if (held !== undefined && (held.expiresAt === undefined || held.expiresAt > this.#options.clock.now().getTime()))
      return held.credential;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  refused(credential: Credential): boolean {
    if (this.#held?.credential === credential) this.#held = undefined;
    return true;
  }

  async #run(): Promise<Credential> {
    const held = this.#read(await this.#output());
    const now = this.#options.clock.now().getTime();
    if (held.expiresAt !== undefined && held.expiresAt <= now)
      throw this.#error(
        'ExecPluginExpired',
        `gave credentials that expired at ${new Date(held.expiresAt).toISOString()}`,
        this.#login(),
      );
    this.#held = held;
    return held.credential;
  }

  #output(): Promise<string> {
    const { entry, env, folder, terminal, say, clock } = this.#options;
    const interactive = terminal && entry.interactiveMode !== 'Never';
    const command = /[/\\]/.test(entry.command) ? path.resolve(folder, entry.command) : entry.command;
    const info = {
      apiVersion: entry.apiVersion,
      kind: 'ExecCredential',
      spec: { interactive, ...(entry.provideClusterInfo === true ? { cluster: this.#options.cluster } : {}) },
    };
    const child = spawn(command, [...(entry.args ?? [])], {
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
      env: {
        ...env,
        ...Object.fromEntries((entry.env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
      },
    });
    return new Promise((resolve, reject) => {
      const output: Buffer[] = [];
      let complaint = '';
      let late = false;
      const cancel = interactive
        ? undefined
        : clock.after(quietLimitMs, () => {
            late = true;
            child.kill('SIGKILL');
          });
      child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(-tailLength);
        if (interactive) say(text);
      });
      child.on('error', (error: NodeJS.ErrnoException) => {
        cancel?.();
        if (error.code === 'ENOENT') reject(this.#missing(error));
        else reject(this.#error('ExecPluginFailed', `cannot be run: ${error.message}`, this.#install(), error));
      });
      child.on('close', (code, signal) => {
        cancel?.();
        if (code === 0) return resolve(Buffer.concat(output).toString('utf8'));
        const how = late
          ? `did not end within ${quietLimitMs / 1000} s`
          : `ended with ${code === null ? signal : `status ${code}`}`;
        const last = complaint.trim().split('\n').at(-1)?.trim();
        reject(
          this.#error('ExecPluginFailed', last === undefined || last === '' ? how : `${how}: ${last}`, this.#login()),
        );
      });
    });
  }

  #read(output: string): Held {
    const { entry } = this.#options;
    let answer: {
      readonly apiVersion?: unknown;
      readonly kind?: unknown;
      readonly status?: Readonly<Record<string, unknown>>;
    };
    try {
      answer = JSON.parse(output) as typeof answer;
    } catch (error) {
      throw this.#error('ExecPluginAnswer', 'printed what is no JSON', this.#login(), error);
    }
    if (answer?.kind !== 'ExecCredential' || answer.apiVersion !== entry.apiVersion)
      throw this.#error(
        'ExecPluginAnswer',
        `printed ${String(answer?.kind)} of ${String(answer?.apiVersion)}, not ExecCredential of ${entry.apiVersion}`,
        'set exec.apiVersion in the kubeconfig to the version that the program speaks, or update the program',
      );
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer.status ?? {};
    const hasCertificate = typeof clientCertificateData === 'string' && typeof clientKeyData === 'string';
    if (typeof token !== 'string' && !hasCertificate)
      throw this.#error(
        'ExecPluginAnswer',
        'gave neither a token nor a client certificate with its key',
        this.#login(),
      );
    const expiresAt = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : undefined;
    if (Number.isNaN(expiresAt))
      throw this.#error('ExecPluginAnswer', `gave ${String(expirationTimestamp)} as time of expiry`, this.#login());
    return {
      expiresAt,
      credential: {
        ...(typeof token === 'string' ? { token } : {}),
        ...(hasCertificate ? { certificate: clientCertificateData, key: clientKeyData } : {}),
      },
    };
  }

  #missing(error: Error): ConfigError {
    return this.#error('ExecPluginMissing', 'is not installed', this.#install(), error);
  }

  #install(): string {
    const { entry } = this.#options;
    const hint = entry.installHint?.trim();
    return hint === undefined || hint === '' ? `install ${entry.command} and see that it is on the PATH` : hint;
  }

  #login(): string {
    const { command, args } = this.#options.entry;
    return `run it by hand to see what it wants: ${[command, ...(args ?? [])].join(' ')}`;
  }

  #error(code: string, what: string, remedy: string, cause?: unknown): ConfigError {
    const { entry, where } = this.#options;
    return new ConfigError(
      code,
      `${entry.command}, which logs in ${where}, ${what}`,
      remedy,
      cause === undefined ? {} : { cause },
    );
  }
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who may do everything in the first subscription. */
export interface Owner {
  readonly appId: string;
  readonly objectId: string;
  readonly secret: string;
}

/** An emulator that runs. */
export interface RunningAzure {
  readonly names: 'public' | 'local';
  readonly directory: string;
  /** Address of Resource Manager, e.g. `https://localhost:41234` or `https://management.azure.com`. */
  readonly endpoint: string;
  /** Address of Entra. */
  readonly authorityHost: string;
  /** Address of the admin endpoint, e.g. `http://127.0.0.1:41235`. */
  readonly admin: string;
  readonly port: number;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly owner: Owner;
  /** File with the emulator's authority, PEM. */
  readonly authorityFile: string;
  /** Variables by which `az`, Node and this project's own programs find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends everything that it began. */
  stop(): Promise<void>;
}

/** Where systems keep the authorities that they trust. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The unix socket by which machines of clusters, whose network is another, reach the emulator. */
export const wireSocket = (directory: string): string => join(directory, 'wire');

/** File with the emulator's authority, PEM. */
export const authorityFile = (directory: string): string => join(directory, 'ca.crt');

/** Writes the emulator's authority, alone and with the system's. @returns both files */
export function writeBundles(directory: string, authority: string): { authority: string; bundle: string } {
  const files = { authority: authorityFile(directory), bundle: join(directory, 'ca-bundle.crt') };
  const system = systemBundles.find((file) => existsSync(file));
  writeFileSync(files.authority, authority);
  writeFileSync(files.bundle, `${system === undefined ? '' : readFileSync(system, 'utf8')}\n${authority}`);
  return files;
}

/** The variables of a program that is to use the emulator. */
export function environmentOf(
  azure: Omit<RunningAzure, 'environment' | 'stop'>,
  bundle: string,
): Record<string, string> {
  return {
    REQUESTS_CA_BUNDLE: bundle,
    SSL_CERT_FILE: bundle,
    NODE_EXTRA_CA_CERTS: azure.authorityFile,
    AZURE_CONFIG_DIR: join(azure.directory, 'az'),
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    AZURE_CORE_INSTANCE_DISCOVERY: azure.names === 'public' ? 'true' : 'false',
    AZURE_CORE_SURVEY_MESSAGE: 'no',
    AZURE_AUTHORITY_HOST: azure.authorityHost,
    AZURE_TENANT_ID: azure.tenantId,
    AZURE_SUBSCRIPTION_ID: azure.subscriptionId,
    ARM_SUBSCRIPTION_ID: azure.subscriptionId,
    // Who is not told reaches for Azure's public names, which lead here where they are public.
    ...(azure.names === 'local' && { ARM_ENDPOINT: azure.endpoint }),
    KAITO_AZURE_ENDPOINT: azure.endpoint,
    KAITO_AZURE_ADMIN: azure.admin,
    KAITO_AZURE_NAMES: azure.names,
    KAITO_AZURE_DIRECTORY: azure.directory,
    KAITO_AZURE_OWNER_ID: azure.owner.appId,
    KAITO_AZURE_OWNER_SECRET: azure.owner.secret,
  };
}

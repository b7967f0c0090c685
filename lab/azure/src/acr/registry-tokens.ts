import { createHash, randomBytes } from 'node:crypto';
import { invalidParameter, invalidRequestContent } from '../errors/request-errors.ts';
import { resourceNotFound } from '../errors/resource-errors.ts';
import type { JsonObject, Resource } from '../store/store.ts';
import type { ArmRequest, ArmRoute, Emulator } from '../wire/service.ts';
import { existing, registryPath, registryRoute } from './arm-routes.ts';
import { scopeMapUnknown } from './errors.ts';
import { registryType, type Registry } from './registries.ts';
import type { Caller } from './rights.ts';
import { findScopeMap, permits } from './scope-maps.ts';

export const tokenType = `${registryType}/tokens`;

interface Password {
  /** SHA-256: nobody is shown it again. */
  readonly digest: string;
  readonly creationTime: string;
  readonly expiry?: string;
}
type PasswordName = 'password1' | 'password2';
type Passwords = Readonly<Partial<Record<PasswordName, Password>>>;

/** A registry's own users, each with the rights of a scope map; ACR calls them tokens. */
export interface RegistryTokens {
  /** Whose name and password these are. */
  callerOf(registry: Registry, name: string, password: string): Caller | undefined;
  readonly routes: readonly ArmRoute[];
  /** Takes away what a registry's tokens and scope maps were. */
  forget(registryId: string): void;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export function createRegistryTokens(emulator: Emulator): RegistryTokens {
  const { store, clock } = emulator;
  const table = store.table<Passwords>('acr/token-passwords');
  const passwordsOf = (id: string): Passwords => table.get(id.toLowerCase()) ?? {};
  const alive = ({ expiry }: Password): boolean => expiry === undefined || Date.parse(expiry) > clock.now().getTime();
  const path = `${registryPath}/tokens/{tokenName}`;

  const shown = (token: Resource): JsonObject => {
    const passwords = Object.entries(passwordsOf(token.id)).map(([name, { creationTime, expiry }]) => ({
      name,
      creationTime,
      ...(expiry !== undefined && { expiry }),
    }));
    return { ...token, properties: { ...token.properties, credentials: { passwords } } };
  };
  const found = (request: ArmRequest): Resource => {
    const registry = existing(emulator, request);
    const name = request.parameters['tokenName'] ?? '';
    const token = store.get(`${registry.id}/tokens/${name}`);
    if (token === undefined) {
      throw resourceNotFound(`${registryType}/${registry.name}/tokens/${name}`, registry.id.split('/')[4] ?? '');
    }
    return token;
  };
  function put(request: ArmRequest): { status: number; body: JsonObject } {
    const registry = existing(emulator, request);
    const name = request.parameters['tokenName'] ?? '';
    if (!/^[a-zA-Z0-9-]{5,50}$/.test(name))
      throw invalidParameter('tokenName', 'It has 5 to 50 letters, digits and -.');
    const id = `${registry.id}/tokens/${name}`;
    const old = store.get(id);
    const beginning = { creationDate: clock.now().toISOString(), status: 'enabled', provisioningState: 'Succeeded' };
    const properties: JsonObject = { ...(old?.properties ?? beginning), ...readToken(request.body ?? {}, id) };
    if (properties['scopeMapId'] === undefined)
      throw invalidRequestContent("Required property 'scopeMapId' not found in JSON.");
    const token = { id, name, type: tokenType, properties };
    store.put(token);
    return { status: old === undefined ? 201 : 200, body: shown(token) };
  }

  /** Reads a body; a change of its passwords is carried out at once, and can only take some away. */
  function readToken({ properties, ...rest }: JsonObject, id: string): JsonObject {
    const stranger = Object.keys(rest).find((key) => !['id', 'name', 'type', 'systemData'].includes(key));
    const { scopeMapId, status, credentials, ...others } = (properties ?? {}) as JsonObject;
    const unknown = stranger ?? Object.keys(others).find((key) => !['creationDate', 'provisioningState'].includes(key));
    if (unknown !== undefined) {
      throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'TokenDefinition'.`);
    }
    if (status != null && status !== 'enabled' && status !== 'disabled') {
      throw invalidParameter('properties.status', "It is 'enabled' or 'disabled'.");
    }
    if (scopeMapId != null && (typeof scopeMapId !== 'string' || findScopeMap(emulator, scopeMapId) === undefined)) {
      throw scopeMapUnknown(String(scopeMapId));
    }
    if (credentials != null) keepPasswords(id, credentials as JsonObject);
    return { ...(scopeMapId != null && { scopeMapId }), ...(status != null && { status }) };
  }

  function keepPasswords(id: string, { passwords, ...rest }: JsonObject): void {
    if (rest['certificates'] != null || !Array.isArray(passwords)) {
      throw invalidParameter('properties.credentials', 'It holds the passwords that are to stay.');
    }
    const names = new Set((passwords as readonly JsonObject[]).map(({ name }) => name));
    const held = Object.entries(passwordsOf(id)).filter(([name]) => names.has(name));
    if (held.length < names.size)
      throw invalidParameter('properties.credentials', 'Passwords are made by generateCredentials.');
    table.put(id.toLowerCase(), Object.fromEntries(held));
  }

  function generate(request: ArmRequest): JsonObject {
    const registry = existing(emulator, request);
    const { tokenId, name, expiry } = request.body ?? {};
    const token = typeof tokenId === 'string' ? store.get(tokenId) : undefined;
    if (token?.type !== tokenType || !token.id.startsWith(`${registry.id}/`)) {
      throw invalidParameter('tokenId', `There is no token '${String(tokenId)}' in the registry.`);
    }
    if (name != null && name !== 'password1' && name !== 'password2') {
      throw invalidParameter('name', "It is 'password1' or 'password2'.");
    }
    if (expiry != null && !(Date.parse(String(expiry)) > clock.now().getTime())) {
      throw invalidParameter('expiry', 'It is a time to come, as RFC 3339 writes it.');
    }
    const creationTime = clock.now().toISOString();
    const times = { creationTime, ...(expiry != null && { expiry: String(expiry) }) };
    const names: readonly PasswordName[] = name == null ? ['password1', 'password2'] : [name];
    const made = names.map((each) => ({ name: each, value: randomBytes(39).toString('base64'), ...times }));
    const kept = made.map((each) => [each.name, { digest: digestOf(each.value), ...times }] as const);
    table.put(token.id.toLowerCase(), { ...passwordsOf(token.id), ...Object.fromEntries(kept) });
    return { username: token.name, passwords: made };
  }

  function forgetToken(id: string): void {
    store.delete(id);
    table.delete(id.toLowerCase());
  }

  return {
    callerOf(registry, name, password) {
      const token = store.get(`${registry.id}/tokens/${name}`);
      if (token === undefined || token.properties['status'] !== 'enabled') return undefined;
      const digest = digestOf(password);
      const known = Object.values(passwordsOf(token.id)).some((held) => held.digest === digest && alive(held));
      const mapId = String(token.properties['scopeMapId']);
      return known
        ? {
            kind: 'token',
            name,
            permits: (repository, action) => permits(findScopeMap(emulator, mapId), repository, action),
          }
        : undefined;
    },
    routes: [
      registryRoute('GET', `${registryPath}/tokens`, 'registries/tokens/read', (request) => ({
        status: 200,
        body: { value: store.list(existing(emulator, request).id, tokenType).map(shown) },
      })),
      registryRoute('GET', path, 'registries/tokens/read', (request) => ({ status: 200, body: shown(found(request)) })),
      registryRoute('PUT', path, 'registries/tokens/write', put),
      registryRoute('PATCH', path, 'registries/tokens/write', (request) => {
        found(request);
        return put(request);
      }),
      registryRoute('DELETE', path, 'registries/tokens/delete', (request) => {
        const id = `${existing(emulator, request).id}/tokens/${request.parameters['tokenName']}`;
        const there = store.get(id) !== undefined;
        forgetToken(id);
        return { status: there ? 200 : 204 };
      }),
      registryRoute(
        'POST',
        `${registryPath}/generateCredentials`,
        'registries/generateCredentials/action',
        (request) => ({
          status: 200,
          body: generate(request),
        }),
      ),
    ],
    forget(registryId) {
      for (const { id } of store.list(registryId)) forgetToken(id);
    },
  };
}

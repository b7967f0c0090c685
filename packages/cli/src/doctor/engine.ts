import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A prebuilt llama.cpp of the npm scope `@node-llama-cpp` that is installed for this platform. */
export interface EngineBuild {
  /** E.g. `linux-x64` or `linux-x64-cuda`. */
  readonly name: string;
  readonly version: string;
  /** The native addon's file. */
  readonly addon: string;
}

/** The engine builds that are installed for this platform and architecture. */
export function engineBuilds(): EngineBuild[] {
  const platform = process.platform === 'darwin' ? 'mac' : process.platform;
  const folders = createRequire(import.meta.url).resolve.paths('@node-llama-cpp/x') ?? [];
  return folders.flatMap((folder) => {
    const scope = join(folder, '@node-llama-cpp');
    const names = existsSync(scope) ? readdirSync(scope) : [];
    return names
      .filter((name) => name.startsWith(`${platform}-${process.arch}`))
      .flatMap((name) => {
        const addon = join(scope, name, 'bins', name, 'llama-addon.node');
        if (!existsSync(addon)) return [];
        const { version } = JSON.parse(readFileSync(join(scope, name, 'package.json'), 'utf8')) as { version: string };
        return [{ name, version, addon }];
      });
  });
}

/** Why the addon can't be loaded, tried in a process of its own; undefined when it can. */
export function loadProblem({ addon }: EngineBuild): Promise<string | undefined> {
  const program = 'process.dlopen({ exports: {} }, process.argv[1])';
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', program, addon], { timeout: 30_000 }, (error, _, stderr) => {
      if (error == null) resolve(undefined);
      else resolve(/^Error: (.+)$/m.exec(stderr)?.[1] ?? error.message.split('\n')[0]);
    });
  });
}

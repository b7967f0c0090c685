import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../.cache/llama-server');
const bundle = path.resolve(import.meta.dirname, '../node_modules/node-llama-cpp/llama/gitRelease.bundle');

/**
 * Path of llama.cpp's own server, built from the source that node-llama-cpp carries, so that both sides of a comparison run the same
 * llama.cpp. The first call builds it (git, cmake, ninja and a C++ compiler; about 12 minutes of CPU).
 */
export function llamaServerPath(): string {
  const binary = path.join(folder, 'build/bin/llama-server');
  if (existsSync(binary)) return binary;
  const source = path.join(folder, 'source');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(source)) execFileSync('git', ['clone', '--quiet', bundle, source], { stdio: 'inherit' });
  const options = {
    CMAKE_BUILD_TYPE: 'Release',
    GGML_NATIVE: 'ON',
    LLAMA_CURL: 'OFF',
    LLAMA_OPENSSL: 'OFF',
    LLAMA_BUILD_TESTS: 'OFF',
    LLAMA_BUILD_EXAMPLES: 'OFF',
    LLAMA_BUILD_UI: 'OFF',
    LLAMA_USE_PREBUILT_UI: 'OFF',
  };
  const definitions = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
  const build = path.join(folder, 'build');
  execFileSync('cmake', ['-G', 'Ninja', '-S', source, '-B', build, ...definitions], { stdio: 'inherit' });
  execFileSync('nice', ['ninja', '-C', build, '-j2', 'llama-server'], { stdio: 'inherit' });
  return binary;
}

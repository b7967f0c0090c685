#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { compileCacheDirectory } from './compile-cache.ts';

enableCompileCache(compileCacheDirectory(process.env));

// A reader that leaves early (`kaito get | head -1`) ends the command quietly, as SIGPIPE would.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.stderr.on('error', () => {});

const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));

import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Progress } from '@kaito/lab-kubernetes';
import { settle } from '../../../../images/src/context/modes.ts';
import { ensureDebianPackages } from '../../../kubernetes/src/debian-packages/debian-packages.ts';

/** curl, then the libraries that the base lacks. */
const packages = [
  'curl',
  'libbrotli1',
  'libcom-err2',
  'libcurl4',
  'libffi8',
  'libgmp10',
  'libgnutls30',
  'libgssapi-krb5-2',
  'libhogweed6',
  'libidn2-0',
  'libk5crypto3',
  'libkeyutils1',
  'libkrb5-3',
  'libkrb5support0',
  'libldap-2.5-0',
  'libnettle8',
  'libnghttp2-14',
  'libp11-kit0',
  'libpsl5',
  'librtmp1',
  'libsasl2-2',
  'libssh2-1',
  'libssl3',
  'libtasn1-6',
  'libunistring2',
  'libzstd1',
  'zlib1g',
];

/** The program and the libraries that it is linked with, with their licences. */
const wanted = ['usr/bin/curl', '{lib,usr/lib}/*-linux-*/lib*.so*', 'usr/share/doc/*/copyright'];

/** As that of curl's own image: arguments that begin with an option, or none at all, are curl's. */
const entrypoint = `#!/bin/sh
case "\${1:--}" in -*) set -- curl "$@" ;; esac
exec "$@"
`;

/** Lays out in the empty folder `context` what the target `curl` copies. @throws LabError where the packages cannot be had. */
export async function layOutCurl(context: string, progress: Progress): Promise<void> {
  const programs = join(context, 'programs');
  const { root } = await ensureDebianPackages(packages, progress);
  for (const path of globSync(wanted, { cwd: root })) {
    await mkdir(dirname(join(programs, path)), { recursive: true });
    await cp(join(root, path), join(programs, path), { verbatimSymlinks: true });
  }
  await writeFile(join(programs, 'entrypoint.sh'), entrypoint);
  await chmod(join(programs, 'entrypoint.sh'), 0o755);
  await settle(programs);
}

import { expect, it } from 'vitest';
import { component } from './debian.ts';

it('a Debian package is known by its package URL, epoch and all', () => {
  const control = [
    'Package: libstdc++6',
    'Version: 1:12.2.0-14+deb12u1',
    'Architecture: amd64',
    'Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>',
    'Description: GNU Standard C++ Library v3',
    ' This package contains an additional runtime library.',
  ].join('\n');
  expect(component(control, '12')).toMatchObject({
    name: 'libstdc++6',
    version: '1:12.2.0-14+deb12u1',
    purl: 'pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12',
    description: 'GNU Standard C++ Library v3',
  });
});

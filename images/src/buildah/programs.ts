import {
  type DebianPackages,
  ensureDebianPackages,
} from '../../../lab/kubernetes/src/debian-packages/debian-packages.ts';
import type { Progress } from '../../../lab/kubernetes/src/go-programs.ts';

/** Buildah, then the libraries that a small system may lack. */
const packages = [
  'buildah',
  'libassuan0',
  'libdevmapper1.02.1',
  'libgpg-error0',
  'libgpgme11',
  'libpcre2-8-0',
  'libseccomp2',
  'libselinux1',
  'libudev1',
];

/** Fetched on first use. @throws LabError where they cannot be had. */
export function ensureBuildah(progress: Progress): Promise<DebianPackages> {
  return ensureDebianPackages(packages, progress);
}

import { closeSync, openSync, writeSync } from 'node:fs';

/** What Kubernetes keeps of a termination message, bytes. */
const longest = 4096;

/**
 * Leaves the reason of an exit where `kubectl describe pod` shows it. The file is the kubelet's, made before the container starts; outside of a
 * pod there is none, and none is made.
 */
export function leaveTerminationMessage(file: string, message: string): void {
  let opened: number;
  try {
    opened = openSync(file, 'r+');
  } catch {
    return;
  }
  try {
    writeSync(opened, Buffer.from(message).subarray(0, longest), 0);
  } finally {
    closeSync(opened);
  }
}

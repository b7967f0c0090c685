import { globSync, readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';

/** What a walkthrough has of this machine, a line for each: whose temporary files lie in `folder`, and whose nodes have cgroups with these marks. */
export function holdings(folder: string, marks: readonly string[]): readonly string[] {
  return [
    ...readdirSync(folder).map((name) => `folder ${name}`),
    ...marks.flatMap((mark) => globSync(`/sys/fs/cgroup/{,*/}kaito-lab-${mark}`)).map((path) => `cgroup ${path}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder))
      .map((line) => `mount ${line}`),
    // A namespace lives as long as a process in it, or a mount of it.
    ...processes([folder, ...marks.map((mark) => `kaito-lab-${mark}`)]).map((pid) => `process ${pid}`),
  ];
}

/** The marks of the nodes' cgroups of the clusters whose state lies in `folder`. */
export const marksIn = (folder: string): readonly string[] =>
  globSync(`${folder}/*/clusters/*/nodes-*`).map((path) => basename(path).replace(/^nodes-/, ''));

/** Those whose command line, environment or cgroup has one of the signs. */
function processes(signs: readonly string[]): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const seen = ['cmdline', 'environ', 'cgroup']
          .map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
          .join();
        return signs.some((sign) => seen.includes(sign));
      } catch {
        return false;
      }
    });
}

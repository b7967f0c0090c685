import { expect, test } from 'vitest';
import { lackOfInotify } from './inotify.ts';

test('a kubelet without inotify is told from others', () => {
  const failed =
    'E1126 17:58:28.135942      75 kubelet.go:1687] "Failed to start cAdvisor" err="inotify_init: too many open files"\n';
  expect(lackOfInotify(`I1126 server.go:529] "Kubelet version"\n${failed}`)).toMatch(
    /^its kubelet does not find a free inotify instance among this machine's \d+$/,
  );
  expect(lackOfInotify('I1126 server.go:529] "Kubelet version"\n')).toBeUndefined();
});

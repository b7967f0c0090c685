/** Resolves once `holds`, looking again whenever `subscribe` tells of a change. @throws Error after a minute, with what `what` says. */
export async function until(
  holds: () => boolean,
  subscribe: (changed: () => void) => () => void,
  what: () => string = () => holds.toString(),
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const check = () => {
    if (holds()) done.resolve();
  };
  const timer = setTimeout(() => done.reject(new Error(`not so within a minute: ${what()}`)), 60_000);
  const leave = subscribe(check);
  check();
  try {
    await done.promise;
  } finally {
    clearTimeout(timer);
    leave();
  }
}

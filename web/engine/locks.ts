/**
 * Web Locks where the browser has them. Some have none, and with site data blocked they refuse them; every tab then
 * works as if it were alone.
 */

/** Does the work while the lock is held, or at once where there are no locks. */
export async function withLock<T>(
  name: string,
  options: LockOptions,
  work: () => Promise<T> | T,
): Promise<T> {
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  if (!navigator.locks) return begin();
  try {
    return await navigator.locks.request(name, options, begin);
  } catch (error) {
    const refused = error instanceof DOMException && error.name === "SecurityError";
    if (begun || !refused) throw error;
    return begin();
  }
}

/** Names of the locks that this tab and others hold. */
export async function heldLocks(): Promise<Set<string>> {
  const { held = [] } = (await navigator.locks?.query().catch(() => undefined)) ?? {};
  return new Set(held.flatMap(({ name }) => name ?? []));
}

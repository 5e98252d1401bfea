/** For what the first screen can do without: its bytes must not hold up what shows. */

/** Longest wait for a quiet moment, in milliseconds. */
const PATIENCE = 1000;

/** Resolves when what was drawn last has been painted and the browser has nothing more urgent to do. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: PATIENCE });
      else setTimeout(resolve);
    });
  });
}

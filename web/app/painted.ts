/** For work that the first screen can do without: its downloads must not delay what shows. */

/** Longest wait for a quiet moment, in milliseconds. */
const PATIENCE = 1000;

/** Resolves when what was drawn last is on the screen and the browser has nothing more urgent to do. */
export async function painted(): Promise<void> {
  // The first frame contains what was drawn; the second begins only after that was painted.
  await nextFrame();
  await nextFrame();
  await new Promise<unknown>((resolve) => {
    // Safari doesn't have it yet.
    if ("requestIdleCallback" in window) requestIdleCallback(resolve, { timeout: PATIENCE });
    else setTimeout(resolve);
  });
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** For what the first screen can do without: its bytes must not hold up what shows. */

/** Longest wait for a quiet moment, in milliseconds. */
const PATIENCE = 1000;

/** Resolves when what was drawn last is on the screen and the browser has nothing more urgent to do. */
export async function painted(): Promise<void> {
  // The frame with it, and the next one, which waits for that to be painted.
  await nextFrame();
  await nextFrame();
  await new Promise<unknown>((resolve) => {
    // Safari has none yet.
    if ("requestIdleCallback" in window) requestIdleCallback(resolve, { timeout: PATIENCE });
    else setTimeout(resolve);
  });
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

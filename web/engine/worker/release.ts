/** Frees a wasm object's memory. One that failed inside wasm can't be freed; its own error matters more. */
export function release(object: { free(): void }): void {
  try {
    object.free();
  } catch {
    // The instance is beyond use and goes with its worker.
  }
}

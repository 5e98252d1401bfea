/**
 * One call into the engine at a time: wasm objects must not be entered again while a call awaits the GPU.
 * Jobs take a turn for each step, so short calls come through between two steps of a long job.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // A failed turn is its caller's matter; the next one must not inherit the failure.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

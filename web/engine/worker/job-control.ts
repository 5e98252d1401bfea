/** The switch of a running job: the page turns it at any time, the job reads it between two engine steps. */
import type { JobCommand } from "../api";

export class JobControl {
  #state: "running" | "paused" | "stopped" | "cancelled" = "running";
  #wake: (() => void) | undefined;
  #saveAsked = false;
  /** Saves what the job has done so far; undefined where there is nothing to save. */
  save: (() => Promise<void>) | undefined;
  /** Told when the job has stopped at a pause, with what it has done saved. */
  halted: (() => void) | undefined;

  command(command: JobCommand): void {
    if (command === "save") {
      this.#saveAsked = true;
      return;
    }
    const ended = this.#state === "stopped" || this.#state === "cancelled";
    if (ended) return;
    this.#state = ({ pause: "paused", resume: "running", stop: "stopped", cancel: "cancelled" } as const)[
      command
    ];
    if (this.#state !== "paused") this.#wake?.();
  }

  get paused(): boolean {
    return this.#state === "paused";
  }

  get stopped(): boolean {
    return this.#state === "stopped";
  }

  get cancelled(): boolean {
    return this.#state === "cancelled";
  }

  /**
   * Waits while the job is paused, until a resume, stop or cancel; otherwise returns at once. Saves before it waits, and
   * if the page asked for that.
   */
  async ready(): Promise<void> {
    if (this.#saveAsked || this.#state === "paused") await this.save?.();
    this.#saveAsked = false;
    if (this.paused) this.halted?.();
    while (this.#state === "paused") {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}

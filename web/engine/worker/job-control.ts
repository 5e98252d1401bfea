/** The switch of a running job: the page turns it at any time, the job reads it between two engine steps. */
import type { JobCommand } from "../api";

export class JobControl {
  #state: "running" | "paused" | "stopped" | "cancelled" = "running";
  #wake: (() => void) | undefined;
  #saveAsked = false;

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

  get stopped(): boolean {
    return this.#state === "stopped";
  }

  get paused(): boolean {
    return this.#state === "paused";
  }

  /** Whether the page asked to save the state at once; reading it clears the request. */
  takeSave(): boolean {
    const asked = this.#saveAsked;
    this.#saveAsked = false;
    return asked;
  }

  get cancelled(): boolean {
    return this.#state === "cancelled";
  }

  /** Waits while the job is paused, until a resume, stop or cancel; otherwise returns at once. */
  async ready(): Promise<void> {
    while (this.#state === "paused") {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}

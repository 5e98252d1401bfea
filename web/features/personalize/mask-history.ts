/** Changes that were painted on a mask, so that each can be undone. */
import { clear, emptyMask, type Mask } from "./mask";

type Change = (mask: Mask) => void;

export class MaskHistory {
  readonly #first: Mask;
  /** The parts of each change: a stroke has many. */
  readonly #changes: Change[][] = [];

  constructor(readonly mask: Mask) {
    this.#first = emptyMask(mask.width, mask.height);
    this.#first.getContext("2d")?.drawImage(mask, 0, 0);
  }

  get canUndo(): boolean {
    return this.#changes.length > 0;
  }

  make(change: Change): void {
    this.#changes.push([]);
    this.goOn(change);
  }

  /** Paints another part of the last change. */
  goOn(change: Change): void {
    change(this.mask);
    this.#changes.at(-1)?.push(change);
  }

  /** Undoes the last change by painting all others again: masks are large, changes are few. */
  undo(): void {
    this.#changes.pop();
    clear(this.mask);
    const context = this.mask.getContext("2d");
    if (!context) return;
    context.globalCompositeOperation = "source-over";
    context.drawImage(this.#first, 0, 0);
    for (const change of this.#changes.flat()) change(this.mask);
  }
}

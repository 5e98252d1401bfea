/** Draws series of pictures one by one, with progress. One series at a time; it can be cancelled any time. */
import { computed, signal } from "@preact/signals";
import { endsWithEngine } from "../../app/ended-faults";
import { engine } from "../../app/studio";
import type { DrawnPicture } from "../../engine/api";
import { type Fault, toFault } from "../../engine/fault";
import { endsWithModel } from "../models/overflow-faults";
import { type DrawingRequest, requestOf, stepsOf, type Wish } from "./wish";

/** What a series is for. */
export type Purpose = "pictures" | "comparison" | "grid" | "strengths";

export interface Progress {
  purpose: Purpose;
  /** The picture under way, counted from 0. */
  picture: number;
  of: number;
  step: number;
  steps: number;
  /** Estimated seconds until the whole series is drawn; `undefined` before there is an estimate. */
  secondsLeft: number | undefined;
}

/** Progress of the series under way; `undefined` while nothing is drawn. */
export const progress = signal<Progress | undefined>(undefined);
/** How much of the series under way is done, 0 to 1. */
export const share = computed(() => {
  const now = progress.value;
  return now && (now.picture + now.step / now.steps) / now.of;
});
export const fault = signal<Fault | undefined>(undefined);
endsWithEngine(fault);
endsWithModel(fault);

/** Seconds that a step of the latest picture took, and the number of its pixels. */
const measured = signal<{ seconds: number; pixels: number } | undefined>(undefined);

/** Estimated seconds to draw the wishes, by the latest picture's steps; `undefined` before any was drawn. */
export function secondsFor(wishes: readonly Wish[]): number | undefined {
  const known = measured.value;
  if (!known) return undefined;
  return wishes.reduce(
    (sum, wish) => sum + (stepsOf(wish) * known.seconds * wish.width * wish.height) / known.pixels,
    0,
  );
}

let cancelled = false;

export function cancel(): void {
  cancelled = true;
  engine().command("generation", "cancel");
}

/**
 * Draws the wishes. `drawn` is called with each finished picture and its index; the next picture waits until
 * it returns. True if all were drawn; otherwise see `fault`, which stays empty for a cancelled series.
 */
export async function drawAll(
  wishes: readonly Wish[],
  purpose: Purpose,
  drawn: (place: number, picture: DrawnPicture, request: DrawingRequest) => void | Promise<void>,
): Promise<boolean> {
  if (progress.value) return false;
  fault.value = undefined;
  cancelled = false;
  try {
    for (const [place, wish] of wishes.entries()) {
      const request = requestOf(wish);
      const left = () => secondsFor(wishes.slice(place));
      progress.value = {
        purpose,
        picture: place,
        of: wishes.length,
        step: 0,
        steps: stepsOf(wish) || 1,
        secondsLeft: left(),
      };
      const started = performance.now();
      const picture = await engine().generate(
        request.settings,
        (step, steps) => {
          if (!progress.value) return;
          const seconds = (performance.now() - started) / 1000;
          // Some samplers call the model twice per step, so `steps` may differ from the wish's.
          const made = (step / steps) * stepsOf(wish);
          measured.value = { seconds: seconds / made, pixels: wish.width * wish.height };
          const whole = left();
          progress.value = {
            ...progress.value,
            step,
            steps,
            secondsLeft: whole === undefined ? undefined : Math.max(whole - seconds, 0),
          };
        },
        request.source,
      );
      if (!picture) return false;
      await drawn(place, picture, request);
      // Checked here too: between two pictures the engine has no job to cancel.
      if (cancelled && place + 1 < wishes.length) return false;
    }
    return true;
  } catch (error) {
    fault.value = toFault(error);
    return false;
  } finally {
    progress.value = undefined;
  }
}

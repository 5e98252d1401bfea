/** A picture: sampling steps one by one, so that it can be cancelled between any two. */
import type { DrawnPicture } from "../api";
import type { Engine } from "../contract/engine";
import type { GenerationSettings, Picture, SourcePicture } from "../contract/generation";
import type { JobControl } from "./job-control";
import { release } from "./release";
import type { Turns } from "./turns";

/** `null` when cancelled or, as a preview, when its training was stopped. */
export async function runGeneration(
  engine: Engine,
  turns: Turns,
  control: JobControl,
  settings: GenerationSettings,
  progress: (step: number, steps: number) => void,
  source?: SourcePicture,
): Promise<DrawnPicture | null> {
  const generation = await turns.take(() => engine.beginGeneration(settings, source));
  try {
    let done = 0;
    let of = settings.steps;
    while (done < of) {
      await control.ready();
      if (control.cancelled || control.stopped) return null;
      ({ step: done, steps: of } = await turns.take(() => generation.step()));
      progress(done, of);
    }
    return await turns.take(async () => {
      const heatMaps = settings.heatMaps?.length ? await generation.heatMaps() : [];
      return { ...plain(await generation.finish()), heatMaps };
    });
  } finally {
    await turns.take(() => release(generation));
  }
}

/** Copies the picture out of the engine's memory into a plain object, which can be sent and kept. */
function plain(finished: Picture & { free(): void }): Picture {
  const { width, height, rgba } = finished;
  release(finished);
  return { width, height, rgba };
}

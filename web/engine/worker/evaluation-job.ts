/** Runs an evaluation: draws and scores pictures one by one, until all are done or it is cancelled. */
import type { EvaluationCell, EvaluationObserver } from "../api";
import type { Engine } from "../contract/engine";
import type { Photo } from "../contract/training";
import { runGeneration } from "./generation-job";
import type { JobControl } from "./job-control";
import type { Turns } from "./turns";

/** The engine's judge must be open. */
export async function runEvaluation(
  engine: Engine,
  turns: Turns,
  control: JobControl,
  cells: EvaluationCell[],
  photos: Photo[],
  observer: EvaluationObserver,
): Promise<void> {
  const subject = await turns.take(() => engine.embedPhotos(photos));
  const prompts = [...new Set(cells.map(({ cleanPrompt }) => cleanPrompt))];
  observer.photos(await turns.take(() => engine.scorePhotos(subject, prompts)));
  for (const [index, { settings, cleanPrompt, elements }] of cells.entries()) {
    const picture = await runGeneration(engine, turns, control, settings, (step, steps) =>
      observer.progress(index, step, steps),
    );
    if (!picture) return;
    const [scores] = await turns.take(() => engine.score([picture], subject, cleanPrompt, elements));
    if (scores) await observer.scored(index, picture, scores);
  }
}

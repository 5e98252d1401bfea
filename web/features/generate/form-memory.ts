/** Generate's form as it was before another picture's settings took its place, for as long as that can be undone. */
import { batch, type Signal } from "@preact/signals";
import { library } from "../adapters/library";
import * as form from "./form";
import { painted } from "./regions";
import { chosenSize } from "./size";
import * as picture from "./start-picture";
import * as steering from "./steering-settings";

export interface FormMemory {
  bringBack(): Promise<void>;
  /** Once it isn't needed any more. */
  letGo(): void;
}

export function rememberForm(): FormMemory {
  const fields = [
    held(form.prompt),
    held(form.negativePrompt),
    held(form.seed),
    held(form.seedLocked),
    held(form.ownSteps),
    held(form.guidanceScale),
    held(form.sampler),
    held(chosenSize),
    held(steering.delayedConcept),
    held(steering.delayedKeepsLora),
    held(steering.classPrompt),
    held(steering.strengthEnd),
    held(steering.embeddingNormClip),
    held(painted),
    held(picture.strength),
    held(picture.maskBlur),
    held(picture.fit),
    held(picture.part),
    held(picture.mask),
  ];
  const adapters = library.value.map(({ key, active, strength }) => ({ key, active, strength }));
  const start = picture.start.value;
  // A copy: whatever starts in its place closes the picture. Where there is no room for one, the rest comes back.
  const bitmap = start && createImageBitmap(start.bitmap).catch(() => undefined);
  return {
    async bringBack() {
      const copy = await bitmap;
      const kept = start && copy && { ...start, bitmap: copy };
      batch(() => {
        // Before the fields: another start has no mask.
        picture.startFrom(kept);
        for (const bringBack of fields) bringBack();
        library.value = library.value.map((entry) => ({
          ...entry,
          ...adapters.find(({ key }) => key === entry.key),
        }));
      });
    },
    letGo() {
      void bitmap?.then((copy) => copy?.close());
    },
  };
}

function held<T>(signal: Signal<T>): () => void {
  const { value } = signal;
  return () => {
    signal.value = value;
  };
}

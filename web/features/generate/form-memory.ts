/** Remembers Generate's form before another picture's settings replace it, as long as that can be undone. */
import { batch, type Signal } from "@preact/signals";
import { library } from "../adapters/library";
import * as form from "./form";
import { painted } from "./regions";
import { chosenSize } from "./size";
import * as picture from "./start-picture";
import * as steering from "./steering-settings";

export interface FormMemory {
  bringBack(): Promise<void>;
  /** To be called once the memory isn't needed any more. */
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
  // A copy, since the start picture is closed when another one replaces it. Without room for a copy, only the
  // rest of the form comes back.
  const bitmap = start && createImageBitmap(start.bitmap).catch(() => undefined);
  return {
    async bringBack() {
      const copy = await bitmap;
      const kept = start && copy && { ...start, bitmap: copy };
      batch(() => {
        // Before the fields, since setting a start clears the mask.
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

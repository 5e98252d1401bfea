/** What is set up for a training, with an engine that only plans its time. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, vi } from "vitest";
import type { TrainingSettings } from "../../web/engine/contract/training";

const fakeEngine = vi.hoisted(() => ({
  timePlans: async (_settings: unknown, _photos: number, _previews: unknown): Promise<unknown> => [],
  asked: [] as number[],
}));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    timePlans: (settings: unknown, photos: number, previews: unknown) => {
      fakeEngine.asked.push(photos);
      return fakeEngine.timePlans(settings, photos, previews);
    },
  }),
}));

export const { undo, undoable } = await import("../../web/app/undo");
export const { samples } = await import("../../web/features/personalize/samples");
export const setup = await import("../../web/features/personalize/setup");
export const previewChoice = await import("../../web/features/personalize/preview-choice");
export const subjects = await import("../../web/features/personalize/subjects");
export const { memoryLimit } = await import("../../web/features/models/memory-limit");
export const { model } = await import("../../web/features/models/model");
export const time = await import("../../web/features/personalize/time-plans");

export const DEFAULTS = {
  method: "palp",
  placeholder: "<my-thing>",
  classNoun: "thing",
  personalizationPrompt: "a photo of {placeholder}",
  steps: 100,
  rank: 16,
  loraAlpha: 16,
  maskedLoss: 0,
  alignmentTimesteps: [20, 980],
} as unknown as TrainingSettings;

/** Photos need a browser: here they are named and never looked at. */
export const photo = (name: string) => new File([name], name);

export const BROKEN = "no photo";

vi.mock("../../web/features/personalize/photos", () => {
  class PhotoProblem extends Error {}
  const readPhoto = async ({ name }: File) => {
    if (name === BROKEN) throw new PhotoProblem();
    return { id: name, name, bitmap: { close() {} }, caption: "" };
  };
  return { MAX_PHOTOS: 10, PhotoProblem, readPhoto };
});

/** To be called once in a file of tests: each begins with the defaults and a dog. */
export function beginWithDefaults(): void {
  beforeEach(() => {
    setup.defaults.value = DEFAULTS;
    setup.resetSettings();
    subjects.firstSubject.list.clear();
    subjects.firstSubject.classNoun.value = "dog";
    setup.target.value = "a dog next to a cat";
    time.measured.value = { state: "unasked" };
    fakeEngine.asked.length = 0;
  });

  afterEach(() => {
    for (const subject of subjects.furtherSubjects.value) subjects.removeSubject(subject);
    previewChoice.wantsQuality.value = false;
    previewChoice.wantsHeldBack.value = 0;
  });
}

// What is hoisted above the imports can't be exported where it is defined.
export { fakeEngine };

import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TimePlan, TrainingSettings } from "../../web/engine/contract";
import { DEMO_REPORT } from "./demo-report";

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

const { undo, undoable } = await import("../../web/app/undo");
const { samples } = await import("../../web/features/personalize/samples");
const setup = await import("../../web/features/personalize/setup");
const previewChoice = await import("../../web/features/personalize/preview-choice");
const subjects = await import("../../web/features/personalize/subjects");
const { memoryLimit } = await import("../../web/features/models/memory-limit");
const { model } = await import("../../web/features/models/model");
const time = await import("../../web/features/personalize/time-plans");

const DEFAULTS = {
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
const photo = (name: string) => new File([name], name);

const BROKEN = "no photo";

vi.mock("../../web/features/personalize/photos", () => {
  class PhotoProblem extends Error {}
  const readPhoto = async ({ name }: File) => {
    if (name === BROKEN) throw new PhotoProblem();
    return { id: name, name, bitmap: { close() {} }, caption: "" };
  };
  return { MAX_PHOTOS: 10, PhotoProblem, readPhoto };
});

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

describe("several things in one run", () => {
  test("each has photos and a word, in the order that the engine takes", async () => {
    await setup.addFiles(subjects.firstSubject, [photo("dog 1"), photo("dog 2")]);
    subjects.addSubject();
    const [cat] = subjects.furtherSubjects.value;
    if (!cat) throw new Error("no second subject");
    expect(setup.obstacle.value).toContain("The second thing");
    cat.classNoun.value = "cat";
    await setup.addFiles(cat, [photo("cat 1")]);
    expect(setup.obstacle.value).toBeUndefined();
    expect(setup.chosenSettings.value).toMatchObject({
      placeholder: "<my-dog>",
      classNoun: "dog",
      cleanPrompt: "a dog next to a cat",
      furtherSubjects: [
        {
          placeholder: "<my-cat>",
          classNoun: "cat",
          personalizationPrompt: "a photo of {placeholder}",
          photos: 1,
        },
      ],
    });
    expect(subjects.photos.value.map(({ name }) => name)).toEqual(["dog 1", "dog 2", "cat 1"]);
    expect(setup.previewPrompt.value).toBe("<my-dog> next to <my-cat>");
    expect(subjects.wordsOf(setup.chosenSettings.value as TrainingSettings)).toBe("<my-dog> and <my-cat>");
  });

  test("are named as the sentence about the photos names them", async () => {
    setup.defaults.value = { ...DEFAULTS, personalizationPrompt: "a photo of a {placeholder} {class}" };
    expect(setup.previewPrompt.value).toBe("a <my-dog> dog next to a cat");
    await setup.addFiles(subjects.firstSubject, [photo("dog 1"), photo("dog 2")]);
    const { list } = subjects.firstSubject;
    for (const [index, caption] of ["the dog on grass", "on sand"].entries()) {
      const photo = list.photos.value[index];
      if (photo) list.change(photo, { ...photo, caption });
    }
    expect(setup.chosenSettings.value?.captions).toEqual([
      "a <my-dog> dog on grass",
      "a <my-dog> dog, on sand",
    ]);
    setup.change({ promptTemplates: "objects" });
    expect(setup.previewPrompt.value).toBe("<my-dog> next to a cat");
    setup.resetSettings();
    setup.change({ personalizationPrompt: "{placeholder}" });
    expect(setup.chosenSettings.value?.captions).toEqual(["<my-dog> on grass", "<my-dog>, on sand"]);
  });

  test("two of a kind get different words, and each is named once", () => {
    subjects.addSubject();
    const [other] = subjects.furtherSubjects.value;
    if (other) other.classNoun.value = "dog";
    setup.target.value = "a dog next to a dog";
    expect(other?.placeholder.value).toBe("<my-dog-2>");
    expect(setup.previewPrompt.value).toBe("<my-dog> next to <my-dog-2>");
  });

  test("a further wish that is taken away comes back in its place", async () => {
    setup.furtherTargets.value = ["a dog in a boat", "a dog in the snow", ""];
    setup.removeFurtherTarget(0);
    expect(setup.furtherTargets.value).toEqual(["a dog in the snow", ""]);
    expect(undoable.value?.sentence).toBe("Wish 2 removed.");
    await undo();
    expect(setup.furtherTargets.value).toEqual(["a dog in a boat", "a dog in the snow", ""]);
    setup.removeFurtherTarget(2);
    expect(undoable.value).toBeUndefined();
    setup.furtherTargets.value = [];
  });

  test("without a further one the settings say so, and a removed one leaves nothing behind", async () => {
    subjects.addSubject();
    const [other] = subjects.furtherSubjects.value;
    if (other) {
      await setup.addFiles(other, [photo("cat 1")]);
      subjects.removeSubject(other);
    }
    expect(setup.chosenSettings.value?.furtherSubjects).toEqual([]);
    expect(subjects.photos.value).toEqual([]);
  });
});

describe("taken back", () => {
  test("a thing that was removed, with its photos and words", async () => {
    subjects.addSubject();
    const [cat] = subjects.furtherSubjects.value;
    if (!cat) throw new Error("no second subject");
    cat.classNoun.value = "cat";
    await setup.addFiles(cat, [photo("cat 1")]);
    subjects.removeSubject(cat);
    await undo();
    expect(subjects.furtherSubjects.value).toEqual([cat]);
    expect(subjects.photos.value.map(({ name }) => name)).toEqual(["cat 1"]);
  });

  test("one's own photos, noun and wish, whose place a sample took", async () => {
    const { firstSubject } = subjects;
    await setup.addFiles(firstSubject, [photo("dog 1"), photo("dog 2")]);
    const [sample] = samples;
    if (!sample) throw new Error("no sample");
    await setup.chooseSample(firstSubject, { ...sample, images: [] });
    expect([firstSubject.noun, subjects.photos.value]).toEqual([sample.classNoun, []]);
    await undo();
    expect(firstSubject.list.sample.value).toBeUndefined();
    expect(subjects.photos.value.map(({ name }) => name)).toEqual(["dog 1", "dog 2"]);
    expect([firstSubject.noun, setup.target.value]).toEqual(["dog", "a dog next to a cat"]);
  });

  test("one's own wish, whose place another sample's took, with the sample that it was for", async () => {
    const { firstSubject } = subjects;
    const [cat, dog] = samples.map((sample) => ({ ...sample, images: [] }));
    if (!cat || !dog) throw new Error("no samples");
    firstSubject.list.clear();
    setup.target.value = "";
    await setup.chooseSample(firstSubject, cat);
    await setup.chooseSample(firstSubject, dog);
    expect(undoable.value).toBeUndefined();
    setup.target.value = "a dog in a crown";
    await setup.chooseSample(firstSubject, cat);
    expect(undoable.value?.sentence).toBe("Your wish was replaced.");
    await undo();
    expect([firstSubject.list.sample.value, firstSubject.noun, setup.target.value]).toEqual([
      dog,
      dog.classNoun,
      "a dog in a crown",
    ]);
  });

  test("a file that can't be used takes neither a sample's words nor what can be taken back", async () => {
    const { firstSubject } = subjects;
    const [sample] = samples;
    if (!sample) throw new Error("no sample");
    await setup.addFiles(firstSubject, [photo("dog 1")]);
    await setup.chooseSample(firstSubject, { ...sample, images: [] });
    const wish = setup.target.value;
    await setup.addFiles(firstSubject, [photo(BROKEN)]);
    expect([firstSubject.noun, setup.target.value]).toEqual([sample.classNoun, wish]);
    await undo();
    expect(subjects.photos.value.map(({ name }) => name)).toEqual(["dog 1"]);
  });

  test("a sample's words go with its photos, one's own stay", async () => {
    const { firstSubject } = subjects;
    const [sample] = samples;
    if (!sample) throw new Error("no sample");
    await setup.chooseSample(firstSubject, { ...sample, images: [] });
    await setup.addFiles(firstSubject, [photo("mug 1")]);
    expect([firstSubject.noun, setup.target.value]).toEqual(["", ""]);
    await setup.chooseSample(firstSubject, { ...sample, images: [] });
    firstSubject.classNoun.value = "cup";
    setup.target.value = "a cup on the moon";
    await setup.addFiles(firstSubject, [photo("cup 1")]);
    expect([firstSubject.noun, setup.target.value]).toEqual(["cup", "a cup on the moon"]);
  });

  test("not over photos that were added since", async () => {
    const { firstSubject } = subjects;
    await setup.addFiles(firstSubject, [photo("dog 1")]);
    const [sample] = samples;
    if (!sample) throw new Error("no sample");
    await setup.chooseSample(firstSubject, { ...sample, images: [] });
    await setup.addFiles(firstSubject, [photo("mug 1")]);
    await undo();
    expect(subjects.photos.value.map(({ name }) => name)).toEqual(["mug 1"]);
  });
});

describe("photos held back", () => {
  const names = (photos: { name: string }[]) => photos.map(({ name }) => name);

  test("are the first subject's last, and judge alone; what goes with each photo is split alike", async () => {
    await setup.addFiles(subjects.firstSubject, [photo("dog 1"), photo("dog 2"), photo("dog 3")]);
    subjects.addSubject();
    const [cat] = subjects.furtherSubjects.value;
    if (!cat) throw new Error("no second subject");
    await setup.addFiles(cat, [photo("cat 1")]);
    previewChoice.wantsQuality.value = true;
    previewChoice.wantsHeldBack.value = 1;
    const { trained, heldBack } = previewChoice.splitPhotos();
    expect([names(trained), names(heldBack)]).toEqual([["dog 1", "dog 2", "cat 1"], ["dog 3"]]);
    expect(previewChoice.ofTrained(["a", "b", "c", "d"])).toEqual(["a", "b", "d"]);
  });

  test("are none where nothing is scored, and never all", async () => {
    await setup.addFiles(subjects.firstSubject, [photo("dog 1"), photo("dog 2")]);
    previewChoice.wantsHeldBack.value = 5;
    const unscored = previewChoice.splitPhotos();
    expect([names(unscored.trained), names(unscored.heldBack)]).toEqual([["dog 1", "dog 2"], []]);
    previewChoice.wantsQuality.value = true;
    const { trained, heldBack } = previewChoice.splitPhotos();
    expect([names(trained), names(heldBack)]).toEqual([["dog 1"], ["dog 2"]]);
  });
});

describe("time plans", () => {
  const plan = (preset: TimePlan["preset"], steps: number, rank: number): TimePlan => ({
    preset,
    seconds: steps,
    size: 128,
    settings: { ...DEFAULTS, steps, rank, loraAlpha: rank, classNoun: "other", seed: 9 },
  });
  const plans = [plan("quick", 40, 8), plan("balanced", 100, 16), plan("thorough", 300, 32)];

  test("a chosen plan changes what takes time, and not words or seed", async () => {
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    expect(time.chosen.value?.preset).toBe("balanced");
    time.choose(plan("thorough", 300, 32));
    expect(time.chosen.value?.preset).toBe("thorough");
    expect(setup.settings.value).toMatchObject({ steps: 300, rank: 32, loraAlpha: 32 });
    expect(setup.chosenSettings.value).toMatchObject({ classNoun: "dog" });
    expect(setup.settings.value?.seed).toBe(DEFAULTS.seed);
    setup.change({ steps: 299 });
    expect(time.chosen.value).toBeUndefined();
    // Alpha goes on following the rank.
    setup.change({ rank: 4 });
    expect(setup.settings.value?.loraAlpha).toBe(4);
    setup.change({ loraAlpha: 2 });
    setup.change({ rank: 8 });
    expect(setup.settings.value?.loraAlpha).toBe(2);
    setup.change({ rank: 32, loraAlpha: 32 });
  });

  test("they are asked for once, and again for another number of photos", async () => {
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    await time.measure();
    expect(fakeEngine.asked).toEqual([1]);
    await setup.addFiles(subjects.firstSubject, [photo("1"), photo("2")]);
    expect(time.plans.value).toBeUndefined();
    await time.measure();
    expect(fakeEngine.asked).toEqual([1, 2]);
    expect(time.plans.value).toEqual(plans);
    previewChoice.previewEvery.value = 5;
    expect(time.plans.value).toBeUndefined();
    expect([time.isMeasured("palp"), time.isMeasured("dreambooth")]).toEqual([true, false]);
    await time.measure();
    // What fits, and how long it takes, is another model's or limit's.
    memoryLimit.value = 2;
    expect(time.plans.value).toBeUndefined();
    await time.measure();
    model.value = { state: "ready", report: { ...DEMO_REPORT, name: "other" } };
    expect(time.plans.value).toBeUndefined();
  });

  test("cancelled, they can be asked for again", async () => {
    fakeEngine.timePlans = async () => null;
    await time.measure();
    expect(time.measured.value.state).toBe("unasked");
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    expect(time.plans.value).toEqual(plans);
  });

  test("an engine that can't say leaves the settings as they are", async () => {
    fakeEngine.timePlans = () => Promise.reject(new Error("no"));
    await time.measure();
    expect(time.failed.value).toBe(true);
    memoryLimit.value += 1;
    expect(time.failed.value).toBe(false);
    expect(time.plans.value).toBeUndefined();
    expect(setup.settings.value).toMatchObject({ steps: 100, rank: 16 });
  });
});

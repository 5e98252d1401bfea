import { describe, expect, test } from "vitest";
import type { TrainingSettings } from "../../web/engine/contract/training";
import {
  BROKEN,
  beginWithDefaults,
  DEFAULTS,
  photo,
  previewChoice,
  samples,
  setup,
  subjects,
  undo,
  undoable,
} from "./training-setup";

beginWithDefaults();

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
    const chosen = setup.chosenSettings.value as TrainingSettings;
    expect(subjects.wordsOf(chosen)).toBe("<my-dog> and <my-cat>");
    expect(subjects.wishOf(chosen, ["<my-dog> dog", "<my-cat>"])).toBe("a <my-dog> dog next to <my-cat>");
    // A run kept by an earlier version of the page.
    const { furtherSubjects, ...earlier } = chosen;
    expect(subjects.wishOf(earlier as TrainingSettings, ["<my-dog>"])).toBe("<my-dog> next to a cat");
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

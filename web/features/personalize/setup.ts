/** Set-up of a training before its run: subjects, wishes and settings. */
import { computed, effect, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { gigabytes } from "../../app/format";
import { painted } from "../../app/painted";
import { withArticle } from "../../app/prompts";
import { engine } from "../../app/studio";
import { typed } from "../../app/tab-memory";
import { text } from "../../app/text";
import { offerUndo, type Removal, withdrawUndo } from "../../app/undo";
import type { PreviewPlan } from "../../engine/api";
import type { Method, TrainingSettings } from "../../engine/contract/training";
import { type Fault, toFault } from "../../engine/fault";
import { model } from "../models/model";
import { closeAll } from "./photo-list";
import { ofTrained, previewPlan } from "./preview-choice";
import { FIRST_SAMPLE, type SampleSubject, samples } from "./samples";
import { settingsText } from "./settings-text";
import {
  captions,
  firstSubject,
  furtherSubjects,
  mentionsAny,
  photos,
  type SubjectChoice,
  sentenceInUse,
  subjectObstacle,
  subjects,
  withPhrases,
} from "./subjects";

export const target = typed("wish", "");

/** Whether there are photos of the visitor's own. A sample is there again with a click. */
export const hasOwnPhotos = computed(() =>
  subjects.value.some(({ list }) => !list.sample.value && list.photos.value.length > 0),
);

/** Target prompts besides the first; empty ones don't count. */
export const furtherTargets = typed<string[]>("wishes", []);
export const method = signal<Method>("palp");

/** The engine's defaults for noun and method; `changes` holds what the visitor changed. */
export const defaults = signal<TrainingSettings | undefined>(undefined);
const changes = signal<Partial<TrainingSettings>>({});
export const settings = computed<TrainingSettings | undefined>(() => {
  if (!defaults.value) return undefined;
  // Alpha follows the rank, which keeps the adapter's scale at 1, until alpha itself is set.
  const loraAlpha = changes.value.rank ?? defaults.value.loraAlpha;
  return { ...defaults.value, loraAlpha, ...changes.value };
});
export const changed = computed(() => Object.keys(changes.value).length > 0);

/** Steps between two saved states, which outlive the tab. */
export const keepEvery = signal(25);

export function change(part: Partial<TrainingSettings>): void {
  const { loraAlpha, ...others } = { ...changes.value, ...part };
  // One that is given with the rank that it follows anyway, as by a plan, goes on following.
  const follows = part.loraAlpha !== undefined && part.loraAlpha === others.rank;
  changes.value = loraAlpha === undefined || follows ? others : { ...others, loraAlpha };
}

/** Chooses a method; it begins with its own settings, without the visitor's changes. */
export function chooseMethod(chosen: Method): void {
  method.value = chosen;
  changes.value = {};
}

export function resetSettings(): void {
  changes.value = {};
}

/** GPU memory that the training will take, as a sentence. */
export const needs = signal<string | undefined>(undefined);
/** What the engine says of settings that it takes all the same. */
export const remarks = signal<string[]>([]);
/** Why the engine would refuse the training. */
export const refusal = signal<Fault | undefined>(undefined);
/** What to plan next, and whether the engine is being asked: once at a time, though each letter of a wish asks anew. */
let toPlan: Parameters<typeof planFor> | undefined;
let planning = false;

export async function planMemory(...training: Parameters<typeof planFor>): Promise<void> {
  toPlan = training;
  if (planning) return;
  planning = true;
  try {
    while (toPlan) {
      const training: Parameters<typeof planFor> = toPlan;
      toPlan = undefined;
      await planFor(...training);
    }
  } finally {
    planning = false;
  }
}

async function planFor(
  settings: TrainingSettings,
  photos: number,
  previews: PreviewPlan | null,
): Promise<void> {
  const plan = await engine()
    .planTraining(settings, Math.max(1, photos), previews)
    .then(
      ({ bytes, recomputes, remarks }) => ({
        needs: text.personalize.memory(gigabytes(bytes), recomputes),
        remarks,
      }),
      (error: unknown) => ({ refused: toFault(error) }),
    );
  // Settings may have changed meanwhile.
  if (toPlan) return;
  needs.value = "needs" in plan ? plan.needs : undefined;
  remarks.value = "remarks" in plan ? plan.remarks : [];
  refusal.value = "refused" in plan ? plan.refused : undefined;
}

export async function loadDefaults(): Promise<void> {
  const asked = method.value;
  // An engine that has ended reports that when it is asked for work.
  const found = await engine()
    .defaultTrainingSettings(firstSubject.noun || "thing", asked)
    .catch(() => undefined);
  // Another method may have been chosen meanwhile.
  if (found && asked === method.value) defaults.value = found;
}

export const examples = computed(() => {
  const things = subjects.value.filter(({ noun }) => noun).map(({ noun }) => withArticle(noun));
  const together = text.personalize.together(things);
  return things.length > 0 ? text.personalize.examples.map((example) => example(together)) : [];
});

let prepared = false;

/** Chooses a sample, so that one click shows how it works, or after a reload the same. Photos come after the paint. */
export function prepare(): void {
  if (prepared) return;
  prepared = true;
  const isFirst = !firstSubject.noun && !target.value;
  if (isFirst) firstSubject.sampleName.value = FIRST_SAMPLE;
  for (const subject of subjects.value) {
    const sample = samples.find(({ name }) => name === subject.sampleName.value);
    if (!sample || subject.list.photos.value.length > 0) continue;
    const fillsWords = isFirst && subject === firstSubject;
    void (fillsWords
      ? chooseSample(subject, sample, painted())
      : subject.list.chooseSample(sample, painted()));
  }
  effect(() => {
    for (const { list, sampleName } of subjects.value) sampleName.value = list.sample.value?.name ?? "";
  });
}

/**
 * Chooses a sample, which fills in its class noun and, for the first subject, an example wish. The visitor's
 * own photos and wish that it replaces can be brought back for some seconds.
 */
export function chooseSample(
  subject: SubjectChoice,
  sample: SampleSubject,
  quiet?: Promise<void>,
): Promise<void> {
  offerOwn(subject);
  subject.classNoun.value = sample.classNoun;
  if (subject === firstSubject) target.value = exampleWish(sample);
  return subject.list.chooseSample(sample, quiet);
}

/** Whether the wish is neither empty nor the one that the sample filled in. */
const isOwnWish = (sample: SampleSubject | undefined) =>
  target.value.trim() !== "" && !(sample && target.value === exampleWish(sample));

const exampleWish = ({ classNoun }: SampleSubject) => text.personalize.examples[0](withArticle(classNoun));

/** Removes a further wish; unless it is empty, it can be brought back for some seconds. */
export function removeFurtherTarget(place: number): void {
  const wish = furtherTargets.value[place];
  furtherTargets.value = furtherTargets.value.toSpliced(place, 1);
  if (!wish?.trim()) return;
  offerUndo({
    sentence: text.personalize.removed(settingsText.furtherTarget(place + 2)),
    bringBack: () => {
      furtherTargets.value = furtherTargets.value.toSpliced(place, 0, wish);
      announce(text.personalize.back);
    },
  });
}

/** The visitor's own photos or wish that were replaced, as long as they can be brought back. */
let replaced: Removal | undefined;

function offerOwn(subject: SubjectChoice): void {
  const sample = subject.list.sample.value;
  const own = subject.list.takeOwn();
  if (own.length === 0 && !(subject === firstSubject && isOwnWish(sample))) return;
  const noun = subject.classNoun.value;
  const wish = target.value;
  replaced = {
    sentence: own.length > 0 ? text.personalize.replaced(own.length) : text.personalize.wishReplaced,
    bringBack: () => {
      if (sample) void subject.list.chooseSample(sample);
      else subject.list.putBack(own);
      subject.classNoun.value = noun;
      if (subject === firstSubject) target.value = wish;
      announce(text.personalize.back);
    },
    letGo: () => closeAll(own),
  };
  offerUndo(replaced);
}

/** Sets up an adapter's photos and words again. Replaced photos can be brought back for some seconds. */
export async function startAgain(files: readonly File[], classNoun: string, wish: string): Promise<void> {
  offerOwn(firstSubject);
  firstSubject.classNoun.value = classNoun;
  target.value = wish;
  await firstSubject.list.addFiles(files);
}

/** Adds the visitor's own photos; they replace a sample, and the words that it filled in are cleared. */
export function addFiles(
  subject: SubjectChoice,
  files: readonly File[],
  problems: readonly string[] = [],
): Promise<void> {
  const onUsable = (sample: SampleSubject | undefined) => {
    // If replaced photos were brought back later, they would replace these.
    withdrawUndo(replaced);
    if (sample && subject.classNoun.value === sample.classNoun) subject.classNoun.value = "";
    if (sample && subject === firstSubject && target.value === exampleWish(sample)) target.value = "";
  };
  return subject.list.addFiles(files, onUsable, problems);
}

/** Personalization prompt y_P with its marks for the words. */
const photoSentence = () => settings.value?.personalizationPrompt ?? "";

/** A sentence in use; every prompt names the subjects as it does. */
const namingSentence = () => (settings.value ? sentenceInUse(settings.value) : "");

const allTargets = computed(() =>
  [target.value, ...furtherTargets.value].map((wish) => wish.trim()).filter(Boolean),
);

/** The first thing in photos and words that keeps a run from starting, as a sentence. */
export const obstacle = computed<string | undefined>(() => {
  const words = text.personalize.obstacles;
  if (subjectObstacle.value) return subjectObstacle.value;
  if (!target.value.trim()) return words.noTarget;
  if (!allTargets.value.every(mentionsAny)) return words.nounNotInTarget(firstSubject.noun);
  return undefined;
});

export const allows = computed(() => !obstacle.value && !refusal.value);

/** The settings with the words filled in, with which a run begins. */
export const chosenSettings = computed<TrainingSettings | undefined>(
  () =>
    settings.value && {
      ...settings.value,
      classNoun: firstSubject.noun,
      placeholder: firstSubject.placeholder.value,
      furtherSubjects: furtherSubjects.value.map(({ noun, placeholder, list }) => ({
        placeholder: placeholder.value,
        classNoun: noun,
        personalizationPrompt: photoSentence(),
        photos: list.photos.value.length,
      })),
      cleanPrompt: target.value.trim(),
      furtherCleanPrompts: allTargets.value.slice(1),
      captions: ofTrained(captions(namingSentence())),
      maskedLoss: maskedLoss.value,
    },
);

/** How much less the background counts: with marks 1, so not at all, unless the setting was changed. */
const maskedLoss = computed(
  () =>
    changes.value.maskedLoss ??
    (photos.value.some(({ mask }) => mask) ? 1 : (settings.value?.maskedLoss ?? 0)),
);

/** Plan of the run's previews, as large as the model's own pictures; `null` if they are off or no model is there. */
export const previews = computed<PreviewPlan | null>(() => {
  const settings = chosenSettings.value;
  if (!settings || model.value.state !== "ready") return null;
  return previewPlan(settings, previewPrompt.value, model.value.report.resolution);
});

export const previewPrompt = computed(() => withPhrases(target.value.trim(), namingSentence()));

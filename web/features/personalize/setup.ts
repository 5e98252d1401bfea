/** What is to be trained: photos, words and settings, before the run. */
import { computed, signal } from "@preact/signals";
import { gigabytes } from "../../app/format";
import { isPlaceholder, mentions, personalPrompt, placeholderFor, withArticle } from "../../app/prompts";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import type { Method, TrainingSettings } from "../../engine/contract";
import { placeholders } from "../adapters/library";
import { MOST_PHOTOS, type PhotoChoice, PhotoProblem, readPhoto, type SubjectPhoto } from "./photos";
import { loadSamples, readSamplePhotos, type SampleSubject, samples } from "./samples";

const FIRST_SAMPLE = "dog";

export const photos = signal<SubjectPhoto[]>([]);
/** The sample in use; `undefined` with photos of one's own. */
export const sample = signal<SampleSubject | undefined>(undefined);
export const photoProblems = signal<string[]>([]);

export const classNoun = signal("");
export const target = signal("");
/** Set once the visitor writes a word of their own. */
const ownPlaceholder = signal<string | undefined>(undefined);
export const placeholder = computed(
  () => ownPlaceholder.value ?? placeholderFor(classNoun.value, placeholders.value),
);

/** Target prompts beside the first; empty ones don't count. */
export const furtherTargets = signal<string[]>([]);
export const method = signal<Method>("palp");

/** The engine's defaults for noun and method, and what the visitor changed of them. */
const defaults = signal<TrainingSettings | undefined>(undefined);
const changes = signal<Partial<TrainingSettings>>({});
export const settings = computed<TrainingSettings | undefined>(() => {
  if (!defaults.value) return undefined;
  // Alpha goes with the rank, which keeps the adapter's scale at 1, until it is set by itself.
  const loraAlpha = changes.value.rank ?? defaults.value.loraAlpha;
  return { ...defaults.value, loraAlpha, ...changes.value };
});
export const changed = computed(() => Object.keys(changes.value).length > 0);

/** Training steps between two previews; 0 draws none. */
export const previewEvery = signal(20);
export const previewSteps = signal(10);

/** Steps between two states that outlive the tab. */
export const keepEvery = signal(25);

export function change(part: Partial<TrainingSettings>): void {
  changes.value = { ...changes.value, ...part };
}

/** A method begins with settings of its own. */
export function chooseMethod(chosen: Method): void {
  method.value = chosen;
  changes.value = {};
}

export function resetSettings(): void {
  changes.value = {};
}

export function setPlaceholder(word: string): void {
  ownPlaceholder.value = word.trim() || undefined;
}

/** GPU memory that a training may take, in GB: WebGPU does not tell how much there is. */
export const memoryLimit = signal(4);
/** What the training will take of it, as a sentence, or why it can't. */
export const memory = signal<string | undefined>(undefined);
let plansAsked = 0;

export async function planMemory(settings: TrainingSettings, photos: number, limit: number): Promise<void> {
  plansAsked++;
  const asked = plansAsked;
  const sentence = await engine()
    .planTraining(settings, Math.max(1, photos), limit * 1e9)
    .then(({ bytes, recomputes }) => text.personalize.memory(gigabytes(bytes), recomputes))
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  // Settings may have changed meanwhile.
  if (asked === plansAsked) memory.value = sentence;
}

export async function loadDefaults(): Promise<void> {
  const asked = method.value;
  const found = await engine().defaultTrainingSettings(classNoun.value.trim() || "thing", asked);
  // Another method may have been chosen meanwhile.
  if (asked === method.value) defaults.value = found;
}

export const examples = computed(() => {
  const noun = classNoun.value.trim();
  return noun ? text.personalize.examples.map((example) => example(withArticle(noun))) : [];
});

/** On the first visit a sample is chosen already, so that one click shows how it works. */
export async function prepare(): Promise<void> {
  if (samples.value.length > 0) return;
  await loadSamples();
  const first = samples.value.find(({ name }) => name === FIRST_SAMPLE) ?? samples.value[0];
  if (first && photos.value.length === 0) await chooseSample(first);
}

export async function chooseSample(subject: SampleSubject): Promise<void> {
  sample.value = subject;
  photoProblems.value = [];
  classNoun.value = subject.classNoun;
  target.value = text.personalize.examples[0](withArticle(subject.classNoun));
  try {
    const read = await readSamplePhotos(subject);
    // Another subject may have been chosen meanwhile.
    if (sample.value === subject) replacePhotos(read);
    else for (const { bitmap } of read) bitmap.close();
  } catch (error) {
    replacePhotos([]);
    noteProblem(error);
  }
}

/** Adds photos of the visitor's own; a sample's photos make room for them. */
export async function addFiles(files: readonly File[]): Promise<void> {
  photoProblems.value = [];
  if (sample.value) {
    sample.value = undefined;
    replacePhotos([]);
    classNoun.value = "";
    target.value = "";
  }
  for (const file of files) {
    if (photos.value.length >= MOST_PHOTOS) {
      photoProblems.value = [...photoProblems.value, text.photos.tooMany(MOST_PHOTOS)];
      break;
    }
    try {
      photos.value = [...photos.value, await readPhoto(file, file.name)];
    } catch (error) {
      noteProblem(error);
    }
  }
}

export function removePhoto(photo: SubjectPhoto): void {
  photo.bitmap.close();
  photos.value = photos.value.filter(({ id }) => id !== photo.id);
}

export function changePhoto(photo: SubjectPhoto, choice: PhotoChoice): void {
  photos.value = photos.value.map((other) => (other.id === photo.id ? { ...other, ...choice } : other));
}

function replacePhotos(next: SubjectPhoto[]): void {
  for (const { bitmap } of photos.value) bitmap.close();
  photos.value = next;
}

function noteProblem(error: unknown): void {
  if (!(error instanceof PhotoProblem)) throw error;
  photoProblems.value = [...photoProblems.value, error.message];
}

const allTargets = computed(() =>
  [target.value, ...furtherTargets.value].map((wish) => wish.trim()).filter(Boolean),
);

/** The first thing that keeps a run from starting, as a sentence. */
export const obstacle = computed<string | undefined>(() => {
  const words = text.personalize.obstacles;
  if (photos.value.length === 0) return words.noPhotos;
  if (!classNoun.value.trim()) return words.noNoun;
  if (!target.value.trim()) return words.noTarget;
  if (!allTargets.value.every((wish) => mentions(wish, classNoun.value))) {
    return words.nounNotInTarget(classNoun.value.trim());
  }
  if (!isPlaceholder(placeholder.value)) return words.badPlaceholder;
  if (placeholders.value.includes(placeholder.value)) return words.takenPlaceholder(placeholder.value);
  return undefined;
});

/** The settings with the words put in: what a run is begun with. */
export const chosenSettings = computed<TrainingSettings | undefined>(
  () =>
    settings.value && {
      ...settings.value,
      classNoun: classNoun.value.trim(),
      cleanPrompt: target.value.trim(),
      furtherCleanPrompts: allTargets.value.slice(1),
      placeholder: placeholder.value,
      captions: captions.value,
      maskedLoss: maskedLoss.value,
    },
);

/** With the new word in the ordinary one's place; a caption that names neither is put behind the new word. */
const captions = computed(() =>
  photos.value.map(({ caption }) => {
    if (!caption) return null;
    const personal = personalPrompt(caption, classNoun.value, placeholder.value);
    return personal.includes(placeholder.value) ? personal : `${placeholder.value}, ${caption}`;
  }),
);

/** Marks were painted for a reason: the background then counts nothing, unless the setting was changed. */
const maskedLoss = computed(
  () =>
    changes.value.maskedLoss ??
    (photos.value.some(({ mask }) => mask) ? 1 : (settings.value?.maskedLoss ?? 0)),
);

export const previewPrompt = computed(() =>
  personalPrompt(target.value.trim(), classNoun.value, placeholder.value),
);

/** Subjects that a run is to learn: one, or several, each with its photos and its word. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { listed } from "../../app/format";
import { isPlaceholder, mentions, named, placeholderFor, withNewWord } from "../../app/prompts";
import { typed } from "../../app/tab-memory";
import { text } from "../../app/text";
import { offerUndo, type Removal, withdrawUndo } from "../../app/undo";
import type { TrainingSettings } from "../../engine/contract/training";
import { placeholders } from "../adapters/library";
import { PhotoList } from "./photo-list";
import { FIRST_SAMPLE } from "./samples";

export const MAX_SUBJECTS = 3;

let nextId = 1;

export class SubjectChoice {
  readonly id = `subject-${nextId++}`;
  readonly list = new PhotoList();
  readonly placeholder: ReadonlySignal<string>;

  /**
   * `taken` returns words that the subject can't have; `ownWord` is the visitor's own new word, once they write one.
   * `sampleName` is the sample whose photos it has, also before these are there; empty with the visitor's own photos.
   */
  constructor(
    taken: () => readonly string[],
    readonly classNoun = signal(""),
    readonly ownWord = signal(""),
    readonly sampleName = signal(""),
  ) {
    this.placeholder = computed(() => this.ownWord.value || placeholderFor(this.classNoun.value, taken()));
  }

  get noun(): string {
    return this.classNoun.value.trim();
  }

  setPlaceholder(word: string): void {
    this.ownWord.value = word.trim();
  }
}

export const firstSubject = new SubjectChoice(
  () => placeholders.value,
  typed("noun", ""),
  typed("word", ""),
  typed("sample", FIRST_SAMPLE),
);
export const furtherSubjects = signal<SubjectChoice[]>([]);
export const subjects = computed(() => [firstSubject, ...furtherSubjects.value]);

let removal: Removal | undefined;

export function addSubject(noun = "", word = "", sample = ""): void {
  if (subjects.value.length >= MAX_SUBJECTS) return;
  // If a removed subject came back later, there could be one too many.
  withdrawUndo(removal);
  const before = subjects.value;
  const taken = () => [...placeholders.value, ...before.map(({ placeholder }) => placeholder.value)];
  const subject = new SubjectChoice(taken, signal(noun), signal(word), signal(sample));
  furtherSubjects.value = [...furtherSubjects.value, subject];
}

/** What a reload leaves of the further subjects: their class nouns, new words and samples. */
const keptSubjects = typed<[noun: string, word: string, sample: string][]>("further-subjects", []);
for (const kept of keptSubjects.value) addSubject(...kept);
effect(() => {
  keptSubjects.value = furtherSubjects.value.map(({ classNoun, ownWord, sampleName }) => [
    classNoun.value,
    ownWord.value,
    sampleName.value,
  ]);
});

/** Removes a subject. Unless it was empty, that can be undone for some seconds, photos and words included. */
export function removeSubject(subject: SubjectChoice): void {
  const place = furtherSubjects.value.indexOf(subject);
  furtherSubjects.value = furtherSubjects.value.toSpliced(place, 1);
  if (subject.list.photos.value.length === 0 && !subject.noun) return;
  removal = {
    sentence: text.personalize.removed(text.personalize.subjectTitle(place + 2)),
    bringBack: () => {
      furtherSubjects.value = furtherSubjects.value.toSpliced(place, 0, subject);
      announce(text.personalize.back);
    },
    letGo: () => subject.list.clear(),
  };
  offerUndo(removal);
}

/** New words of a run. States kept by earlier versions of the page have only one. */
export const wordsOf = ({ placeholder, furtherSubjects = [] }: TrainingSettings) =>
  listed([placeholder, ...furtherSubjects.map(({ placeholder }) => placeholder)]);

/** A run's wish, naming its subjects by the adapter's `phrases`. */
export const wishOf = (
  { cleanPrompt, classNoun, furtherSubjects = [] }: TrainingSettings,
  phrases: readonly string[],
) =>
  withEach(
    cleanPrompt,
    [classNoun, ...furtherSubjects.map(({ classNoun }) => classNoun)].map((noun, place) => [
      noun,
      phrases[place] ?? noun,
    ]),
  );

/** The prompt with each class noun replaced by its phrase. */
const withEach = (prompt: string, subjects: readonly (readonly [noun: string, phrase: string])[]) =>
  subjects.reduce((prompt, [noun, phrase]) => withNewWord(prompt, noun, phrase), prompt);

/** The photos of all subjects, the first subject's first, as the engine takes them. */
export const photos = computed(() => subjects.value.flatMap(({ list }) => list.photos.value));

/** A sentence about the photos as it is trained on, with its marks: the lists of sentences have the new word alone. */
export const sentenceInUse = ({ personalizationPrompt, promptTemplates = "prompt" }: TrainingSettings) =>
  promptTemplates === "prompt" ? personalizationPrompt : "{placeholder}";

/** Phrase for a subject, as in `sentence`: "<my-dog>", or "<my-dog> dog". */
const phraseOf = ({ noun, placeholder }: SubjectChoice, sentence: string) =>
  sentence.includes("{placeholder} {class}") ? `${placeholder.value} ${noun}` : placeholder.value;

/** The prompt with the class nouns replaced by the subjects' phrases. */
export const withPhrases = (prompt: string, sentence: string): string =>
  withEach(
    prompt,
    subjects.value.map((subject) => [subject.noun, phraseOf(subject, sentence)]),
  );

/** Caption of each photo with the new word. If a caption names neither word, it is put after the new word. */
export const captions = (sentence: string): (string | null)[] =>
  subjects.value.flatMap((subject) =>
    subject.list.photos.value.map(({ caption }) => {
      if (!caption) return null;
      const phrase = phraseOf(subject, sentence);
      const personal = withNewWord(caption, subject.noun, phrase);
      return personal.includes(phrase) ? personal : `${named(phrase)}, ${caption}`;
    }),
  );

export const mentionsAny = (prompt: string) => subjects.value.some(({ noun }) => mentions(prompt, noun));

/** The first thing that is wrong with photos or words, as a sentence. */
export const subjectObstacle = computed<string | undefined>(() => {
  const words = text.personalize.obstacles;
  const several = subjects.value.length > 1;
  const seen = [...placeholders.value];
  for (const [index, { list, noun, placeholder }] of subjects.value.entries()) {
    const named = (sentence: string) =>
      several ? words.ofSubject(text.personalize.subjectTitle(index + 1), sentence) : sentence;
    if (list.photos.value.length === 0) return named(words.noPhotos);
    if (!noun) return named(words.noNoun);
    if (!isPlaceholder(placeholder.value)) return named(words.badPlaceholder);
    if (seen.includes(placeholder.value)) return named(words.takenPlaceholder(placeholder.value));
    seen.push(placeholder.value);
  }
  return undefined;
});

/**
 * Begins the set-up: with the words that this tab had before it was reloaded, or with a sample, so that one click shows
 * how it works. Photos come after the paint; one's own are gone with the page, and the browser has asked before.
 */
import { painted } from "../../app/painted";
import { keepInTab, tabMemory } from "../../app/tab-memory";
import { samples } from "./samples";
import { chooseSample, furtherTargets, target } from "./setup";
import { addSubject, photos, subjects } from "./subjects";

const FIRST_SAMPLE = "dog";
const KEPT = "words";

interface Kept {
  /** `word`: the visitor's own new word. */
  subjects: { sample?: string | undefined; noun: string; word?: string | undefined }[];
  wishes: string[];
}

let prepared = false;

export async function prepare(): Promise<void> {
  if (prepared) return;
  prepared = true;
  // Otherwise an adapter's photos and words were set up again.
  const chosen = photos.value.length === 0 ? bringBack(tabMemory(KEPT) as Kept | undefined) : [];
  keepInTab(
    KEPT,
    (): Kept => ({
      subjects: subjects.value.map(({ list, classNoun, ownPlaceholder }) => ({
        sample: list.sample.value?.name,
        noun: classNoun.value,
        word: ownPlaceholder.value,
      })),
      wishes: [target.value, ...furtherTargets.value],
    }),
  );
  await Promise.all(chosen);
}

/** Returns the samples' photos on their way. */
function bringBack(kept: Kept | undefined): Promise<void>[] {
  const quiet = painted();
  const choose = (wanted: string | undefined, at: number) => {
    const subject = subjects.value[at];
    const sample = samples.find(({ name }) => name === wanted);
    return subject && sample ? [chooseSample(subject, sample, quiet)] : [];
  };
  if (!kept || !holdsWords(kept)) return choose(FIRST_SAMPLE, 0);
  for (const _ of kept.subjects.slice(1)) addSubject();
  const chosen = kept.subjects.flatMap(({ sample }, at) => choose(sample, at));
  for (const [at, subject] of subjects.value.entries()) {
    const { noun = "", word = "" } = kept.subjects[at] ?? {};
    subject.classNoun.value = noun;
    subject.setPlaceholder(word);
  }
  [target.value = "", ...furtherTargets.value] = kept.wishes;
  return chosen;
}

/** Another version of the page may have kept something else. */
const holdsWords = ({ subjects, wishes }: Partial<Kept>) =>
  Array.isArray(subjects) &&
  Array.isArray(wishes) &&
  (subjects.some(({ sample, noun }) => sample || noun) || wishes.some((wish) => wish));

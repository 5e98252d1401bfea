/**
 * Test prompts for an adapter, each with phrases with which a picture is compared one by one. The set that
 * comes with the page is the engine's own file (`src/evaluation/prompt_sets/`). Its format, which this reads:
 *
 *     a watercolor painting of {subject} wearing a crown | style: a watercolor painting | class: {subject}
 */
import { mentions, named, withArticle, withNewWord } from "../../app/prompts";

export interface Element {
  /** Kind of the element: "style", "class", "ambiance 1". */
  name: string;
  phrase: string;
}

export interface TestPrompt {
  /** The prompt with the class noun. */
  clean: string;
  /** The prompt with the subject named as in the training. */
  personal: string;
  elements: Element[];
}

/** Prompts of a set for a subject. Sets by kind of subject are only read by the command line. */
export function promptsOf(set: string, classNoun: string, phrase: string): TestPrompt[] {
  return set
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => {
      const [template = "", ...parts] = line.split("|").map((part) => part.trim());
      const clean = withNoun(template, classNoun);
      const elements = parts.map((part) => {
        const [name = "", ...phrase] = part.split(":");
        return { name: name.trim(), phrase: withNoun(phrase.join(":").trim(), classNoun) };
      });
      return { clean, personal: withPhrase(template, phrase), elements };
    });
}

const withNoun = (template: string, noun: string) =>
  template.replaceAll("{subject}", withArticle(noun)).replaceAll("{noun}", noun);

const withPhrase = (template: string, phrase: string) =>
  template.replaceAll("{subject}", named(phrase)).replaceAll("{noun}", phrase);

/** The visitor's prompts, one per line, written with the class noun. */
export function ownPrompts(lines: string, classNoun: string, phrase: string): TestPrompt[] {
  return linesOf(lines).map((clean) => ({
    clean,
    personal: withNewWord(clean, classNoun, phrase),
    elements: [],
  }));
}

/** The first of the visitor's prompts that doesn't contain the class noun. */
export const withoutNoun = (lines: string, classNoun: string) =>
  linesOf(lines).find((line) => !mentions(line, classNoun));

const linesOf = (lines: string) =>
  lines
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

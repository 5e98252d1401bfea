/**
 * What an adapter is tested with: prompts, each with the phrases that a picture is compared with one by one. The set
 * that comes with the page is the engine's own file (`src/evaluation/prompt_sets/`), whose form this reads:
 *
 *     a watercolor painting of {subject} wearing a crown | style: a watercolor painting | class: {subject}
 */
import { mentions, named, withArticle, withNewWord } from "../../app/prompts";

export interface Element {
  /** "style", "class", "ambiance 1". */
  name: string;
  phrase: string;
}

export interface TestPrompt {
  /** With the class noun. */
  clean: string;
  /** As the training names it. */
  personal: string;
  elements: Element[];
}

/** The prompts of a set for a subject. Sets by kind of subject are the command line's. */
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

/** The visitor's prompts, one a line, written with the ordinary word. */
export function ownPrompts(lines: string, classNoun: string, phrase: string): TestPrompt[] {
  return linesOf(lines).map((clean) => ({
    clean,
    personal: withNewWord(clean, classNoun, phrase),
    elements: [],
  }));
}

/** The first of them that doesn't name the thing. */
export const withoutNoun = (lines: string, classNoun: string) =>
  linesOf(lines).find((line) => !mentions(line, classNoun));

const linesOf = (lines: string) =>
  lines
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

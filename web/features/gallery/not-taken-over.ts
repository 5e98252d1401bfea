/** What a picture of another program was drawn with and this page doesn't do, in sentences. */
import { text } from "../../app/text";

const words = text.gallery.filledIn;

/**
 * Matches the parts of a prompt that A1111's web UI changes while it draws (`modules/prompt_parser.py`): `[a|b]`,
 * `[from:to:when]` and `[to:when]`. Bounded, as all that reads foreign text.
 */
const CHANGING =
  /(?<!\\)\[(?:[^[\]|]{0,200}\|[^[\]]{0,200}|[^[\]:]{0,200}:(?:[^[\]:]{0,200}:)?\s*\d{0,9}\.?\d{1,9}\s*)\]/;
/** Matches the word between prompts that it draws together. */
const TOGETHER = /\bAND\b/;

export function notTakenOver(settings: ReadonlyMap<string, string>, prompts: string): string[] {
  const clipSkip = settings.get("Clip skip");
  const syntax = CHANGING.exec(prompts)?.[0] ?? TOGETHER.exec(prompts)?.[0];
  return [
    ...(clipSkip === undefined || clipSkip === "1" ? [] : [words.clipSkip(clipSkip)]),
    ...(syntax === undefined ? [] : [words.promptSyntax(syntax)]),
  ];
}

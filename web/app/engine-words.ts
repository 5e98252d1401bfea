/**
 * What the engine says, in the page's language.
 *
 * The engine and its worker speak English. As with gettext, their own words are the key: a translation's
 * catalogue (`german/engine-text.ts`) maps the template of each sentence as it stands in the source, "the
 * model folder has no {path}", to its translation, with the same placeholders. A sentence of the engine is
 * matched against the templates; of those that match, the one with the most literal text wins, and the
 * captured values go into its translation.
 */
import { inLanguage } from "./language";

/** Templates and their translations. */
export interface EngineWords {
  /** Whole sentences. */
  sentences: Readonly<Record<string, string>>;
  /** Texts that may fill a placeholder of a sentence: reasons, advice, names of settings. */
  parts: Readonly<Record<string, string>>;
}

/** A template split at its placeholders: there is one more literal than there are names. */
interface Template {
  literals: string[];
  names: string[];
  translation: string;
}

type Captures = Map<string, string>;

/** Matches `{}`, `{0}`, `{path}`, `{shape:?}`, and the escaped braces `{{` and `}}`. */
const PLACEHOLDER = /\{\{|\}\}|\{([^{}:]*)(?::[^{}]*)?\}/g;
/** Most levels of nested sentences: a checkpoint's error contains a file's, a file's a server's. */
const DEEPEST = 4;
/** Longest text, in characters, that is tried as a list: each of its commas may also be part of an item. */
const MAX_LIST = 400;
const DECIMAL = /^(-?\d+)\.(\d+)( [GM]B)?$/;

/** Names of the placeholders, in order; unnamed ones are numbered, as in Rust. */
export function placeholders(template: string): string[] {
  return takeApart(template).names;
}

/** Translates a sentence; `undefined` for one that no template has. */
export function translator({ sentences, parts }: EngineWords): (said: string) => string | undefined {
  const whole = templates(sentences);
  const anything = templates({ ...sentences, ...parts });

  function translate(said: string, among: Template[], depth: number): string | undefined {
    const begunSmall = lowered(said);
    for (const template of among) {
      const captures = match(template, said) ?? match(template, begunSmall);
      if (!captures) continue;
      return filled(template, captures, (captured) =>
        depth < DEEPEST ? (translatedPart(captured, depth + 1) ?? captured) : captured,
      );
    }
    return undefined;
  }

  const translatedPart = onceEach(
    (captured, depth) => translatedList(captured, depth) ?? translatedItem(unstopped(captured), depth),
  );
  const translatedItem = onceEach((item, depth) => translate(item, anything, depth));

  function translatedList(captured: string, depth: number): string | undefined {
    if (captured.length > MAX_LIST) return undefined;
    for (let comma = captured.indexOf(", "); comma >= 0; comma = captured.indexOf(", ", comma + 1)) {
      const item = translatedItem(captured.slice(0, comma), depth);
      const rest = item && translatedPart(captured.slice(comma + 2), depth);
      if (rest) return `${item}, ${rest}`;
    }
    return undefined;
  }

  return (said) => {
    translatedPart.forget();
    translatedItem.forget();
    const translated = translate(unstopped(said), whole, 0);
    return translated === undefined ? undefined : asSentence(translated);
  };
}

/**
 * The function, but no text is looked at twice until it forgets. Otherwise the time for a hostile list would
 * double with each of its commas, as the rest behind one is tried after each way to divide what is before.
 */
function onceEach(work: (text: string, depth: number) => string | undefined) {
  const known = new Map<string, string | undefined>();
  const answer = (text: string, depth: number) => {
    const key = `${depth} ${text}`;
    if (!known.has(key)) known.set(key, work(text, depth));
    return known.get(key);
  };
  return Object.assign(answer, { forget: () => known.clear() });
}

/** Templates, those with the most literal text first, so that the least is left for placeholders. */
function templates(words: Readonly<Record<string, string>>): Template[] {
  const weight = ({ literals }: Template) => literals.join("").length;
  return Object.entries(words)
    .map(([template, translation]) => ({
      ...takeApart(unstopped(template)),
      translation: unstopped(translation),
    }))
    .sort((a, b) => weight(b) - weight(a));
}

function takeApart(template: string): { literals: string[]; names: string[] } {
  const literals: string[] = [];
  const names: string[] = [];
  let literal = "";
  let end = 0;
  for (const found of template.matchAll(PLACEHOLDER)) {
    literal += template.slice(end, found.index);
    end = found.index + found[0].length;
    const name = found[1];
    if (name === undefined) {
      literal += found[0].charAt(0);
      continue;
    }
    literals.push(literal);
    literal = "";
    names.push(name === "" ? String(names.filter((other) => /^\d+$/.test(other)).length) : name);
  }
  literals.push(literal + template.slice(end));
  return { literals, names };
}

/**
 * Values of the placeholders in a sentence. Each literal is taken at its first occurrence, or each at its
 * last. This finds a match if there is one and, unlike a regular expression's backtracking, takes time linear
 * in the text, whatever a file's name contains.
 */
function match({ literals, names }: Template, said: string): Captures | undefined {
  const [first = "", ...inner] = literals;
  const last = inner.pop();
  if (last === undefined) return said === first ? new Map() : undefined;
  const end = said.length - last.length;
  if (end < first.length || !said.startsWith(first) || !said.endsWith(last)) return undefined;
  // From the side where the template has literal text: "{kind} ({count} tensors)" is read from its end.
  const find = first === "" && last !== "" ? lastPlaces : firstPlaces;
  const places = find(inner, said, first.length, end);
  if (!places) return undefined;
  const captures: Captures = new Map();
  for (const [index, name] of names.entries()) {
    const from = index === 0 ? first.length : (places[index - 1] ?? 0) + (inner[index - 1] ?? "").length;
    const captured = said.slice(from, places[index] ?? end);
    // A placeholder that occurs twice must have the same value.
    if ((captures.get(name) ?? captured) !== captured) return undefined;
    captures.set(name, captured);
  }
  return captures;
}

/** Places of the literals between `from` and `end` of the text, each as near to the beginning as possible. */
function firstPlaces(literals: string[], said: string, from: number, end: number): number[] | undefined {
  const places: number[] = [];
  let free = from;
  for (const literal of literals) {
    const place = said.indexOf(literal, free);
    free = place + literal.length;
    if (place < 0 || free > end) return undefined;
    places.push(place);
  }
  return places;
}

/** Places of the literals, each as near to the end as possible. */
function lastPlaces(literals: string[], said: string, from: number, end: number): number[] | undefined {
  const places: number[] = [];
  let free = end;
  for (const literal of literals.toReversed()) {
    const place = free < literal.length ? -1 : said.lastIndexOf(literal, free - literal.length);
    if (place < from) return undefined;
    places.unshift(place);
    free = place;
  }
  return places;
}

/** Fills in the translation. Values in quotation marks are names or somebody's own words and stay. */
function filled(template: Template, captures: Captures, translate: (captured: string) => string): string {
  const quoted = new Set(template.names.filter((_, index) => template.literals[index]?.endsWith('"')));
  const { literals, names } = takeApart(template.translation);
  const words = names.map((name) => {
    const captured = captures.get(name) ?? "";
    return quoted.has(name) ? captured : translate(captured).replace(DECIMAL, "$1,$2$3");
  });
  return literals.map((literal, index) => literal + (words[index] ?? "")).join("");
}

const unstopped = (text: string): string => text.replace(/\.$/, "");

/** Undoes the capital with which the engine begins every sentence, even if its template begins with none. */
const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** Makes a sentence as the engine does: with a capital, unless a file's name comes first, and a full stop. */
function asSentence(text: string): string {
  const [firstWord = ""] = text.split(" ");
  const begun = /[/.\\]/.test(firstWord) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

const english: EngineWords = { sentences: {}, parts: {} };

const words = await inLanguage(english, {
  de: async () => (await import("./german/engine-text")).germanEngine,
});

/** The engine's sentence in the page's language; `undefined` in English, or if no template matches. */
export const translatedSentence = translator(words);

/** The engine's sentence in the page's language if possible, otherwise unchanged. */
export const inPageLanguage = (said: string): string => translatedSentence(said) ?? said;

/**
 * The three text chunks of PNG (specification §11.3.3): tEXt is Latin-1, zTXt the same deflated, iTXt UTF-8,
 * deflated or not. Reading is bounded: a chunk that is too long, or inflates to too much, is no text.
 */
import { type Chunk, readChunks } from "./png-chunks";

const TYPES = ["tEXt", "zTXt", "iTXt"];
/** Most bytes of a text, deflated or inflated: far above what programs write, far below what slows a page. */
const MAX_BYTES = 256 * 1024;

/** Characters that tEXt may hold: line feeds and the printable characters of Latin-1. */
const LATIN1 = /^[\n\x20-\x7e\xa0-\xff]*$/;

/** A tEXt chunk if Latin-1 has all the characters, else iTXt, as in Pillow and thus A1111's web UI. */
export function textChunk(keyword: string, text: string): Chunk {
  return LATIN1.test(text)
    ? { type: "tEXt", data: Uint8Array.from(`${keyword}\0${text}`, (letter) => letter.charCodeAt(0)) }
    : internationalText(keyword, text);
}

/** Not deflated, no language, no translated keyword. */
export function internationalText(keyword: string, text: string): Chunk {
  // No text may contain a zero byte, since zeros end the fields before the text.
  return {
    type: "iTXt",
    data: new TextEncoder().encode(`${keyword}\0\0\0\0\0${text.replaceAll("\0", "")}`),
  };
}

/** First readable text under each of the keywords; `undefined` if the file isn't a whole PNG. */
export async function readTexts<Keyword extends string>(
  png: Uint8Array<ArrayBuffer>,
  keywords: readonly Keyword[],
): Promise<Partial<Record<Keyword, string>> | undefined> {
  const chunks = readChunks(png, TYPES);
  if (!chunks) return undefined;
  const texts: Partial<Record<Keyword, string>> = {};
  for (const chunk of chunks) {
    const keyword = keywords.find((word) => startsWith(chunk.data, word));
    if (!keyword || texts[keyword] !== undefined || chunk.data.length > MAX_BYTES) continue;
    const text = await decode(chunk, keyword.length + 1);
    if (text !== undefined) texts[keyword] = text;
  }
  return texts;
}

function startsWith(data: Uint8Array, keyword: string): boolean {
  return [...keyword, "\0"].every((letter, at) => data[at] === letter.charCodeAt(0));
}

async function decode({ type, data }: Chunk, start: number): Promise<string | undefined> {
  if (type === "tEXt") return fromLatin1(data.subarray(start));
  if (type === "zTXt") {
    // Method 0, deflate, is the only one there is.
    const inflated = data[start] === 0 ? await inflate(data.subarray(start + 1)) : undefined;
    return inflated && fromLatin1(inflated);
  }
  const [deflated, method] = [data[start], data[start + 1]];
  const languageEnd = data.indexOf(0, start + 2);
  const translationEnd = languageEnd < 0 ? -1 : data.indexOf(0, languageEnd + 1);
  if (translationEnd < 0) return undefined;
  const stored = data.subarray(translationEnd + 1);
  if (deflated === 0) return fromUtf8(stored);
  const inflated = deflated === 1 && method === 0 ? await inflate(stored) : undefined;
  return inflated && fromUtf8(inflated);
}

/** Decodes Latin-1 without `TextDecoder`, whose "latin1" is Windows-1252. */
function fromLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function fromUtf8(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Inflates; stops as soon as the result is too long, however much more there is. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const inflated = new Uint8Array(MAX_BYTES);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return inflated.slice(0, length);
      if (length + value.length > MAX_BYTES) {
        await reader.cancel();
        return undefined;
      }
      inflated.set(value, length);
      length += value.length;
    }
  } catch {
    return undefined;
  }
}

/** Adapters in a prompt, as A1111's web UI writes and reads them: `<lora:NAME:STRENGTH>`. */
import { text } from "../../app/text";
import type { UsedAdapter } from "./picture-settings";

const words = text.gallery.filledIn;

/** Bounded, since otherwise the time for a hostile text grows with the square of its length. */
const TAG = / ?<lora:([^:<>]{1,200})((?::[^<>]{0,300})?)>/gi;
/** What Python's `float()` reads, less its underscores, infinities and what is no number. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

export const number = (digits: string | undefined) =>
  digits !== undefined && NUMBER.test(digits) ? Number(digits) : undefined;

export const writeTags = (adapters: readonly UsedAdapter[]) =>
  adapters.map(({ name, strength }) => ` <lora:${tagName(name)}:${strength}>`).join("");

/** The prompt without its tags, the adapters that they name, and what of them isn't taken over. */
export function takeTags(prompt: string) {
  const remarks: string[] = [];
  const adapters = [...prompt.matchAll(TAG)].map(([, name = "", written = ""]): UsedAdapter => {
    const { te, unet } = strengthsOf(written);
    if (te === undefined || unet === undefined) remarks.push(words.noStrength(name, written.slice(1)));
    else if (te !== unet) remarks.push(words.textStrength(name, te, unet));
    return { name, strength: unet ?? 1 };
  });
  return { prompt: prompt.replace(TAG, "").trim(), adapters, remarks };
}

/**
 * Strengths in the text encoder and the U-Net, from what follows the name: each by its place or by its name, the
 * U-Net's as the text encoder's if it is missing, and that 1 (`extra_networks_lora.py`).
 */
function strengthsOf(written: string): { te: number | undefined; unet: number | undefined } {
  const parts = written.split(":").slice(1);
  const places = parts.filter((part) => !part.includes("="));
  const named = new Map(parts.filter((part) => part.includes("=")).map((part) => splitAt(part)));
  const te = number(named.get("te") ?? (places[0] || "1"));
  return { te, unet: number(named.get("unet") ?? places[1] ?? String(te)) };
}

const splitAt = (part: string) => {
  const [name = "", value = ""] = part.split("=", 2);
  return [name.trim(), value] as const;
};

/** The name without the characters that have a meaning in a tag. */
const tagName = (name: string) => name.replace(/[<>]/g, "").replace(/[:\n]/g, "-");

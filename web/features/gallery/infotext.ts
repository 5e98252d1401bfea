/**
 * Settings in the text form that A1111's web UI writes into pictures and most programs read ("infotext"):
 *
 *     a prompt <lora:my-dog:0.8>
 *     Negative prompt: what to avoid
 *     Steps: 25, Sampler: DDIM, CFG scale: 5, Seed: 7, Size: 128x128, Model: demo
 *
 * Values that contain a comma, colon or line break are written as JSON strings. The form is ambiguous if a
 * prompt looks like the lines below it; the picture's own JSON restores the settings exactly.
 */
import { number, takeTags, writeTags } from "./adapter-tags";
import { notTakenOver } from "./not-taken-over";
import { acceptedSettings, type FoundSettings, type PictureSettings } from "./picture-settings";
import type { A1111Sampler } from "./sampler-names";

/** The engine's names of samplers with A1111's. */
export type SamplerNames = Readonly<Record<string, A1111Sampler>>;

const NEGATIVE = "Negative prompt:";
/**
 * Matches name and value of a setting in the last line, like A1111's own parser
 * (`modules/infotext_utils.py`), but with a bound on names: without it, the time for a hostile line grows
 * with the square of its length.
 */
const SETTING = /(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g;
/** Least number of settings in the last line; with fewer, it belongs to the prompt. */
const MIN_SETTINGS = 3;
/** Bounded, since each is looked for in the prompts. */
const MAX_EMBEDDINGS = 16;
/** Schedules that all samplers here follow whose name holds no other. */
const PLAIN_SCHEDULES = ["automatic", "uniform", "normal"];

export function writeInfotext(settings: PictureSettings, samplers: SamplerNames): string {
  const { prompt, negativePrompt, adapters, steps, guidanceScale, seed, width, height, model, start } =
    settings;
  const known = Object.hasOwn(samplers, settings.sampler) ? samplers[settings.sampler] : undefined;
  const line = [
    ["Steps", steps],
    ["Sampler", known?.label ?? settings.sampler],
    ...(known?.schedule ? [["Schedule type", known.schedule] as const] : []),
    ["CFG scale", guidanceScale],
    ["Seed", seed],
    ["Size", `${width}x${height}`],
    ["Model", model],
    ...(start ? [["Denoising strength", start.strength] as const] : []),
    ...(start?.maskBlur === undefined ? [] : [["Mask blur", start.maskBlur] as const]),
  ]
    .map(([name, value]) => `${name}: ${quoted(String(value))}`)
    .join(", ");
  return [
    prompt + writeTags(adapters),
    ...(negativePrompt ? [`${NEGATIVE} ${negativePrompt}`] : []),
    line,
  ].join("\n");
}

export function readInfotext(infotext: string, samplers: SamplerNames): FoundSettings {
  const lines = infotext.trim().split(/\r?\n/);
  const settings = settingsOf(lines.at(-1) ?? "");
  if (settings.size >= MIN_SETTINGS) lines.pop();
  const negativeAt = lines.findIndex((line) => line.trimStart().startsWith(NEGATIVE));
  const promptLines = negativeAt < 0 ? lines : lines.slice(0, negativeAt);
  const negativeLines = negativeAt < 0 ? [] : lines.slice(negativeAt);
  const { prompt, adapters, remarks } = takeTags(joined(promptLines));
  const negativePrompt = joined(negativeLines).replace(NEGATIVE, "").trim();
  const embeddings = embeddingsOf(settings);
  const size = /^(\d+)x(\d+)$/.exec(settings.get("First pass size") ?? settings.get("Size") ?? "");
  const found = acceptedSettings({
    prompt: withBrackets(prompt, embeddings),
    negativePrompt: withBrackets(negativePrompt, embeddings),
    seed: number(settings.get("Seed")),
    steps: number(settings.get("Steps")),
    guidanceScale: number(settings.get("CFG scale")),
    sampler: samplerName(settings.get("Sampler"), settings.get("Schedule type"), samplers),
    width: number(size?.[1]),
    height: number(size?.[2]),
    model: settings.get("Model"),
    adapters: [...adapters, ...embeddings.map((name) => ({ name, strength: 1 }))],
    start: startOf(settings),
  });
  const all = [...remarks, ...notTakenOver(settings, `${prompt}\n${negativePrompt}`)];
  return all.length === 0 ? found : { ...found, remarks: all };
}

function settingsOf(line: string): Map<string, string> {
  return new Map([...line.matchAll(SETTING)].map(([, name = "", value = ""]) => [name, unquoted(value)]));
}

/**
 * A picture that was drawn small and then larger has a strength too, but none that it was drawn on. Of its settings
 * any may be missing, and versions before 2023 wrote only the first size.
 */
const startOf = (settings: ReadonlyMap<string, string>) =>
  [...settings.keys()].some((name) => name.startsWith("Hires ") || name === "First pass size")
    ? undefined
    : {
        strength: number(settings.get("Denoising strength")),
        maskBlur: number(settings.get("Mask blur")),
      };

const joined = (lines: string[]) =>
  lines
    .map((line) => line.trim())
    .join("\n")
    .trim();

/**
 * Names of the embeddings that A1111's web UI found in the prompts. It knows them by their bare names, in any case;
 * here they are adapters whose words have brackets.
 */
function embeddingsOf(settings: ReadonlyMap<string, string>): string[] {
  const parts = settings.get("TI hashes")?.split(",", MAX_EMBEDDINGS) ?? [];
  const names = parts.map((part) => part.split(":", 1)[0]?.trim() ?? "");
  return [...new Set(names)].filter((name) => /^[^<>]{1,100}$/.test(name));
}

function withBrackets(prompt: string, names: string[]): string {
  if (names.length === 0) return prompt;
  const anyName = names.map((name) => name.replace(/[^\w\s]/g, "\\$&")).join("|");
  return prompt.replace(new RegExp(`(?<![\\w<])(?:${anyName})(?![\\w>])`, "gi"), (found) => {
    const name = names.find((other) => other.toLowerCase() === found.toLowerCase());
    return `<${name ?? found}>`;
  });
}

/** Newer versions of the web UI write "DPM++ 2M" and "Karras" apart, older ones as one name. */
function samplerName(label: string | undefined, schedule: string | undefined, samplers: SamplerNames) {
  if (label === undefined) return undefined;
  const other = schedule?.toLowerCase() ?? "automatic";
  const isSaid = PLAIN_SCHEDULES.includes(other) || label.toLowerCase().endsWith(` ${other}`);
  const wanted = isSaid ? label : `${label} ${schedule}`;
  const [name] =
    Object.entries(samplers).find(([, known]) => known.label.toLowerCase() === wanted.toLowerCase()) ?? [];
  return name ?? wanted;
}

const quoted = (value: string) => (/[,:\n]/.test(value) ? JSON.stringify(value) : value);

function unquoted(value: string): string {
  if (!/^".*"$/s.test(value)) return value.trim();
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

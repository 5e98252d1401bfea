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
import {
  acceptedSettings,
  type FoundSettings,
  type PictureSettings,
  type UsedAdapter,
} from "./picture-settings";

/** The engine's names of samplers with A1111's. */
export type SamplerNames = Readonly<Record<string, string>>;

const NEGATIVE = "Negative prompt:";
/**
 * Matches name and value of a setting in the last line, like A1111's own parser
 * (`modules/infotext_utils.py`), but with a bound on names: without it, the time for a hostile line grows
 * with the square of its length.
 */
const SETTING = /(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g;
/** Least number of settings in the last line; with fewer, it belongs to the prompt. */
const MIN_SETTINGS = 3;
/** Bounded for the same reason. */
const ADAPTER = / ?<lora:([^:<>]{1,200})(?::([^:<>]{0,40}))?(?::[^<>]{0,200})?>/gi;

export function writeInfotext(settings: PictureSettings, samplers: SamplerNames): string {
  const { prompt, negativePrompt, adapters, steps, guidanceScale, seed, width, height, model, start } =
    settings;
  const sampler = Object.hasOwn(samplers, settings.sampler) ? samplers[settings.sampler] : settings.sampler;
  const tags = adapters.map(({ name, strength }) => ` <lora:${tagName(name)}:${strength}>`).join("");
  const line = [
    ["Steps", steps],
    ["Sampler", sampler],
    ["CFG scale", guidanceScale],
    ["Seed", seed],
    ["Size", `${width}x${height}`],
    ["Model", model],
    ...(start ? [["Denoising strength", start.strength] as const] : []),
    ...(start?.maskBlur === undefined ? [] : [["Mask blur", start.maskBlur] as const]),
  ]
    .map(([name, value]) => `${name}: ${quoted(String(value))}`)
    .join(", ");
  return [prompt + tags, ...(negativePrompt ? [`${NEGATIVE} ${negativePrompt}`] : []), line].join("\n");
}

export function readInfotext(infotext: string, samplers: SamplerNames): FoundSettings {
  const lines = infotext.trim().split(/\r?\n/);
  const settings = settingsOf(lines.at(-1) ?? "");
  if (settings.size >= MIN_SETTINGS) lines.pop();
  const negativeAt = lines.findIndex((line) => line.trimStart().startsWith(NEGATIVE));
  const promptLines = negativeAt < 0 ? lines : lines.slice(0, negativeAt);
  const negativeLines = negativeAt < 0 ? [] : lines.slice(negativeAt);
  const { prompt, adapters } = withoutAdapters(joined(promptLines));
  const size = /^(\d+)x(\d+)$/.exec(settings.get("Size") ?? "");
  return acceptedSettings({
    prompt,
    negativePrompt: joined(negativeLines).replace(NEGATIVE, "").trim(),
    seed: number(settings.get("Seed")),
    steps: number(settings.get("Steps")),
    guidanceScale: number(settings.get("CFG scale")),
    sampler: samplerName(settings.get("Sampler"), settings.get("Schedule type"), samplers),
    width: number(size?.[1]),
    height: number(size?.[2]),
    model: settings.get("Model"),
    adapters,
    start: startOf(settings),
  });
}

function settingsOf(line: string): Map<string, string> {
  return new Map([...line.matchAll(SETTING)].map(([, name = "", value = ""]) => [name, unquoted(value)]));
}

/** A picture that was drawn small and then larger has a strength too, but none that it was drawn on. */
const startOf = (settings: ReadonlyMap<string, string>) =>
  settings.has("Hires upscale")
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

/** A1111 takes adapters by tags in the prompt; a tag without a strength means 1. */
function withoutAdapters(prompt: string): { prompt: string; adapters: UsedAdapter[] } {
  const adapters = [...prompt.matchAll(ADAPTER)].map(([, name = "", strength]) => ({
    name,
    strength: number(strength || "1") ?? 1,
  }));
  return { prompt: prompt.replace(ADAPTER, "").trim(), adapters };
}

/** Newer versions of the web UI write "DPM++ 2M" and "Karras" apart, older ones as one name. */
function samplerName(label: string | undefined, schedule: string | undefined, samplers: SamplerNames) {
  const named = (wanted: string) =>
    Object.entries(samplers).find(([, shown]) => shown.toLowerCase() === wanted.toLowerCase())?.[0];
  if (label === undefined) return undefined;
  return (schedule && named(`${label} ${schedule}`)) ?? named(label) ?? label;
}

const number = (digits: string | undefined) =>
  digits !== undefined && /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(digits.trim()) ? Number(digits) : undefined;

const quoted = (value: string) => (/[,:\n]/.test(value) ? JSON.stringify(value) : value);

function unquoted(value: string): string {
  if (!/^".*"$/s.test(value)) return value.trim();
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/** The name without the characters that have a meaning in a tag. */
const tagName = (name: string) => name.replace(/[<>]/g, "").replace(/[:\n]/g, "-");

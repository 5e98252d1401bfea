/**
 * Picture files that carry their settings: as `parameters` in A1111's form for other programs, and as
 * `palpable` in JSON, from which all settings are restored exactly.
 */
import { text } from "../../app/text";
import { faultError } from "../../engine/fault";
import { readInfotext, writeInfotext } from "./infotext";
import { checkedSettings, type FoundSettings, type PictureSettings } from "./picture-settings";
import { addChunks } from "./png-chunks";
import { internationalText, readTexts, textChunk } from "./png-text";
import { SAMPLER_NAMES } from "./sampler-names";

const MAX_BYTES = 64 * 1024 * 1024;

/** The PNG with its settings inside. */
export async function withSettings(png: Blob, settings: PictureSettings): Promise<Blob> {
  return addChunks(new Uint8Array(await png.arrayBuffer()), [
    textChunk("parameters", writeInfotext(settings, SAMPLER_NAMES)),
    internationalText("palpable", JSON.stringify(settings)),
  ]);
}

/** The settings inside a PNG. Rejects with a sentence for the visitor where there are none. */
export async function readSettings(file: Blob, name: string): Promise<FoundSettings> {
  const words = text.gallery.problems;
  if (file.size > MAX_BYTES) throw faultError("BadFile", words.tooLarge(name));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const texts = await readTexts(bytes, ["palpable", "parameters"]);
  if (!texts) throw faultError("BadFile", words.notAPng(name));
  const found =
    checkedSettings(parsed(texts.palpable)) ??
    (texts.parameters === undefined ? {} : readInfotext(texts.parameters, SAMPLER_NAMES));
  if (!found.prompt) throw faultError("BadFile", words.noSettings(name));
  return found;
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The German of what the engine says: that all of it is there, and that it is found again in what was said. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { placeholders, translator } from "../../web/app/engine-words";
import { adapterWords } from "../../web/app/german/engine-adapter-text";
import { drawingWords } from "../../web/app/german/engine-drawing-text";
import { modelWords } from "../../web/app/german/engine-model-text";
import { germanEngine } from "../../web/app/german/engine-text";
import { trainingWords } from "../../web/app/german/engine-training-text";
import { transferWords } from "../../web/app/german/engine-transfer-text";

const { sentences, parts } = germanEngine;
const inGerman = translator(germanEngine);

/** The command line's own sentences are in `src/bin`. */
const rust = sourceOf("src", ".rs").replaceAll(/\\\n\s*/g, "");
const typescript = sourceOf("web/engine", ".ts");
/**
 * `${url.host}` is as `{url.host}` in Rust; of a longer expression the name it begins with. What the client says is of an
 * engine that has stopped, which the page says in words of its own.
 */
const worker = (
  sourceOf("web/engine/worker", ".ts") + readFileSync("web/engine/fault.ts", "utf8")
).replaceAll(/\$\{([\w.]+(?:\[\d+\])?)[^}]*\}/g, "{$1}");

const RUST_STRING = /"((?:\\[\s\S]|[^"\\])*)"/.source;
/** An error's sentence; what the engine throws at the page by itself; what a device's report notes; remarks on settings. */
const SAID_IN_RUST = [
  `#\\[error\\(\\s*${RUST_STRING}`,
  `named\\("\\w+", (?:&format!\\()?${RUST_STRING}`,
  `notes\\s*\\.push\\(\\s*${RUST_STRING}`,
  `notes: vec!\\[${RUST_STRING}`,
  `remarks\\s*\\.push\\(\\s*(?:format!\\(\\s*)?${RUST_STRING}`,
  `_remark\\([^)]*\\) -> String \\{\\s*format!\\(${RUST_STRING}`,
];
const SAID_IN_THE_WORKER = [
  `(?:faultError\\(\\s*"\\w+",|new Interrupted\\()\\s*${RUST_STRING}`,
  '(?:faultError\\(\\s*"\\w+",|new Interrupted\\()\\s*`([^`]*)`',
];

/** How the engine's source names a reason or a setting; reasons that it lists in tables are not found so. */
const REASON_IN_RUST = [
  `\\b(?:Err|ok_or|refused?|wrong|bad|malformed|inconsistent|within|count|filled|check)\\(\\s*(?:format!\\(\\s*)?${RUST_STRING}`,
  `wrong_shape\\(\\w+, ${RUST_STRING}`,
  `(?:(?:reason|problem|component|job|purpose|what):|let (?:reason|problem|component) =)\\s*(?:format!\\(\\s*)?${RUST_STRING}`,
];

const said = [...strings(rust, SAID_IN_RUST), ...strings(worker, SAID_IN_THE_WORKER)]
  // No words: what is passed on.
  .filter((template) => template !== "{0}");

test("every sentence of the engine has its German, and no other", () => {
  expect(said.length).toBeGreaterThan(190);
  expect(Object.keys(sentences).sort()).toEqual([...new Set(said)].sort());
});

test("every reason has its German", () => {
  const reasons = strings(rust, REASON_IN_RUST).filter((reason) => /[a-z}] [a-z0-9{]/.test(reason));
  expect(reasons.length).toBeGreaterThan(110);
  expect(reasons.filter((reason) => !(reason in parts || reason in sentences))).toEqual([]);
});

test("every part of a sentence stands in the source", () => {
  const source = [rust, typescript, worker.replaceAll("`", '"')].join("\n");
  const gone = Object.keys(parts).filter((part) => !source.includes(`"${part.replaceAll('"', '\\"')}"`));
  expect(gone).toEqual([]);
});

test("what stands for placeholders is in the German as well", () => {
  const differing = Object.entries({ ...sentences, ...parts }).filter(
    ([english, german]) => sorted(placeholders(english)) !== sorted(placeholders(german)),
  );
  expect(differing).toEqual([]);
});

test("no template is translated twice", () => {
  const all = [modelWords, adapterWords, drawingWords, trainingWords, transferWords];
  const count = (name: "sentences" | "parts") =>
    all.map((words) => Object.keys(words[name]).length).reduce((sum, next) => sum + next);
  expect([count("sentences"), count("parts")]).toEqual([
    Object.keys(sentences).length,
    Object.keys(parts).length,
  ]);
});

test("each sentence is found by its own template", () => {
  for (const [english, german] of Object.entries(sentences)) {
    const filledIn = (template: string) =>
      template.replaceAll(/\{\{|\}\}|\{([^{}:]*)(?::[^{}]*)?\}/g, (whole) =>
        whole === "{{" ? "{" : whole === "}}" ? "}" : "x",
      );
    const expected = filledIn(german).replace(/\.$/, "");
    expect(inGerman(filledIn(english))?.replace(/\.$/, "").toLowerCase()).toBe(expected.toLowerCase());
  }
});

/** A file's names reach the sentences about it. Looking at the rest of a list again and again would take years here. */
test("a hostile list is translated like any other", () => {
  const list = Array.from({ length: 34 }, (_, index) => `${index} is 0`).join(", ");
  const said = `The text encoder's config.json cannot be read: unknown variant \`${list}, x\`, expected \`gelu\`.`;
  expect(inGerman(said)).toContain("lässt sich nicht lesen");
});

test("a sentence begins with a capital and ends with a full stop, as the engine's do", () => {
  expect(inGerman("The model folder has no vae/config.json.")).toBe(
    "Dem Ordner des Modells fehlt vae/config.json.",
  );
  expect(inGerman("Merging takes at least two adapters.")).toBe(
    "Zum Verschmelzen braucht es mindestens zwei Adapter.",
  );
});

test("a file's name keeps its first letter", () => {
  expect(inGerman("my.safetensors is not an adapter: it holds no tensors.")).toBe(
    "my.safetensors ist kein Adapter: Es enthält keine Tensoren.",
  );
});

test("sentences in sentences are translated too", () => {
  expect(
    inGerman(
      "This checkpoint can't be read: the checkpoint is cut short: it has 5 of 9 bytes; download it again.",
    ),
  ).toBe(
    "Dieser gesicherte Stand lässt sich nicht lesen: die Datei ist abgeschnitten (5 von 9 Bytes); lade es noch einmal herunter.",
  );
  expect(
    inGerman(
      "unet/a.safetensors could not be read: unet/a.safetensors doesn't arrive: hub.example answers with status 503. What has arrived is kept; check the connection and try again.",
    ),
  ).toBe(
    "unet/a.safetensors konnte nicht gelesen werden: unet/a.safetensors kommt nicht an: hub.example antwortet mit dem Status 503. Was da ist, bleibt; prüfe die Verbindung und versuche es noch einmal.",
  );
});

test("a refusal for want of memory says what would fit, with German numbers", () => {
  expect(
    inGerman(
      "This picture needs 5.2 GB of the GPU's memory, and 4.0 GB may be used: choose 256 × 256 pixels, or raise the memory limit if the device has more.",
    ),
  ).toBe(
    "Dieses Bild braucht 5,2 GB vom Speicher der GPU und darf 4,0 GB nehmen; wähle 256 × 256 Pixel oder erlaube mehr GPU-Speicher, wenn das Gerät mehr hat.",
  );
  expect(
    inGerman(
      "This training needs 5.2 GB of the GPU's memory, and 900 MB may be used: raise the memory limit if the device has more.",
    ),
  ).toBe(
    "Dieses Training braucht 5,2 GB vom Speicher der GPU und darf 900 MB nehmen; erlaube mehr GPU-Speicher, wenn das Gerät mehr hat.",
  );
});

test("settings have their German names", () => {
  expect(inGerman("The LoRA learning rate is 1.5, but must be between 0 and 1.")).toBe(
    "Ein Wert passt nicht: die Lernrate des Adapters ist 1,5, muss aber zwischen 0 und 1 liegen.",
  );
});

test("a list is translated item by item", () => {
  expect(
    inGerman(
      'xl.safetensors also changes what Palpable does not adapt: DoRA magnitudes (1 tensor), two text encoders (SDXL\'s) (264 tensors) (for example "lora_te2_x"); it can use LoRA and full differences of the linear layers and convolutions of the U-Net and of one text encoder, and embeddings for it.',
    ),
  ).toContain(
    "was Palpable nicht anpasst: Beträge von DoRA (1 Tensor), zwei Textencoder (von SDXL) (264 Tensoren) (zum Beispiel „lora_te2_x“)",
  );
});

test("names may look like patterns, like placeholders and like sentences", () => {
  expect(inGerman('"a+(b)*$1.{png}" is not a JPEG, PNG or WebP picture.')).toBe(
    "„a+(b)*$1.{png}“ ist kein JPEG-, PNG- oder WebP-Bild.",
  );
  expect(inGerman('"$& <b>the model</b>" can\'t be read (it is encrypted).')).toBe(
    "„$& <b>the model</b>“ lässt sich nicht lesen (Es ist verschlüsselt).",
  );
  // Between quotation marks stands somebody's own word.
  expect(inGerman('There is no heat map of "attention"; map it together with the other words.')).toContain(
    "„attention“",
  );
});

test("where two templates fit, the one with more words of its own is meant", () => {
  // Also "{path} has no bytes …", with "The model's file unet.bin" for the path.
  expect(inGerman("The model's file unet.bin has no bytes 0 to 7.")).toBe(
    "Die Datei unet.bin des Modells hat keine Bytes 0 bis 7.",
  );
});

test("a placeholder that stands twice must stand for the same", () => {
  const picture = (second: number) =>
    `A picture of 70×64 can't be made: sides must be multiples of 64, from ${second} to 512.`;
  expect(inGerman(picture(64))).toBe(
    "Ein Bild von 70×64 geht nicht: Seiten müssen Vielfache von 64 sein, von 64 bis 512.",
  );
  expect(inGerman(picture(32))).toBeUndefined();
});

test("what is unknown stays untranslated, whole or in part", () => {
  expect(inGerman("Something new went wrong.")).toBeUndefined();
  expect(inGerman("")).toBeUndefined();
  expect(inGerman("vae/config.json is not usable: expected value at line 1 column 1.")).toBe(
    "vae/config.json ist nicht brauchbar: expected value at line 1 column 1.",
  );
});

test("a hostile name costs no time", () => {
  const name = "\" maps 1 to 2 numbers, this model's maps ".repeat(5_000);
  const started = performance.now();
  expect(inGerman(`The adapter "a" was made for another model: its layer "${name}.`)).toContain(
    "Seine Schicht",
  );
  expect(inGerman(`The adapter "a" was made for another model: its layer "${name}!"`)).toContain(
    "Seine Schicht",
  );
  expect(inGerman(`${", , could not be read: ".repeat(5_000)}!`)).toBeDefined();
  expect(inGerman(`"${'" of , '.repeat(5_000)}!`)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(4000);
});

function sourceOf(folder: string, ending: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending) && !path.startsWith("bin"))
    .map((path) => readFileSync(`${folder}/${path}`, "utf8"))
    .join("\n");
}

function strings(source: string, patterns: string[]): string[] {
  return patterns.flatMap((pattern) =>
    [...source.matchAll(new RegExp(pattern, "g"))].map(([, string = ""]) => string.replaceAll('\\"', '"')),
  );
}

function sorted(names: string[]): string {
  return [...new Set(names)].sort().join(", ");
}

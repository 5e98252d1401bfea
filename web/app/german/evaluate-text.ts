/** The words of the Evaluate screen in German. */
import type { EvaluateText } from "../../features/evaluate/text";
import { plainNumber } from "./numbers";

export const germanEvaluate: EvaluateText = {
  title: "Einen Adapter messen",
  lead: "Zeichnet dieselben Prompts mit denselben Startzahlen, mit deinem Adapter und ohne ihn, und misst zweierlei: wie gut die Bilder dem Prompt folgen und wie nah sie deinen Fotos sind.",
  noAdapters:
    "Es gibt noch keinen Adapter mit einem eigenen Wort. Trainiere einen unter „Anlernen“ oder importiere einen unter „Adapter“.",

  subjectTitle: "Was beurteilt wird",
  adapter: "Adapter",
  noun: "Was ist es?",
  nounHint: "Das gewöhnliche englische Wort dafür; Bilder werden mit Prompts verglichen, die es so nennen.",
  photosTitle: "Seine Fotos",
  borrowed: (count, noun) =>
    `Verglichen wird mit ${count === 1 ? "dem Foto" : `den ${count} Fotos`} von „${noun}“ unter „Anlernen“. Wähle hier andere, falls sie etwas anderes zeigen.`,
  photosHint: "Mit ihnen wird verglichen; sie bleiben nur im Speicher dieser Seite.",

  drawTitle: "Was gezeichnet wird",
  prompts: "Prompts",
  promptSets: [
    ["complex", "Zehn Prompts aus je vier Teilen"],
    ["own", "Meine eigenen"],
  ],
  ownPrompts: "Deine Prompts",
  ownPromptsHint: (noun) => `Einer je Zeile, auf Englisch, jeder mit dem Wort „${noun || "dog"}“ darin.`,
  strengths: "Stärken des Adapters",
  strengthsHint:
    "Ein leiser gestellter Adapter macht es leichter, dem Prompt zu folgen: Die Kurve über seine Stärken zeigt den Tausch.",
  seeds: "Bilder je Prompt",
  steps: "Schritte je Bild",
  pictures: (count) => `Zusammen ${count} Bilder.`,

  obstacles: {
    model: "Das Modell lädt noch.",
    busy: "Ein Training läuft; warte, bis es fertig ist.",
    adapter: "Wähle einen Adapter.",
    noun: "Sag in einem gewöhnlichen englischen Wort, was die Fotos zeigen.",
    photos: "Wähle die Fotos, mit denen verglichen wird.",
    prompts: "Schreib mindestens einen Prompt.",
    nounNotInPrompt: (prompt, noun) => `In „${prompt}“ fehlt das Wort „${noun}“.`,
    strengths: "Wähle mindestens eine Stärke.",
  },

  start: "Starten",
  cancel: "Abbrechen",
  loadingJudge: (loaded, total) => `Der Gutachter wird geholt: ${loaded} von ${total}`,
  preparing: "Der Gutachter wird vorbereitet …",
  progress: (picture, of) => `Bild ${picture} von ${of}`,
  step: (step, steps) => `Schritt ${step} von ${steps}`,
  left: (time) => `noch etwa ${time}`,
  cancelled: (done, of) => `Nach ${done} von ${of} Bildern abgebrochen. Was gemessen wurde, steht unten.`,
  finished: "Alle Bilder sind gezeichnet und bewertet.",

  resultsTitle: "Ergebnisse",
  tableTitle: "Werte",
  resultsOf: (word, prompts, seeds) =>
    `${word}, ${prompts === 1 ? "1 Prompt" : `${prompts} Prompts`}, ${seeds === 1 ? "1 Startzahl" : `${seeds} Startzahlen`}. Die Werte bedeuten etwas nebeneinander, nicht für sich.`,
  intervals: "Hinter ±: wo der Mittelwert in 95 von 100 neuen Ziehungen der Bilder liegt.",
  row: {
    base: "Ohne ihn",
    adapter: (strength) => `Stärke ${plainNumber(strength)}`,
    photos: "Deine Fotos",
  },
  columns: {
    what: "Adapter",
    pictures: "Bilder",
    text: "Folgt dem Prompt (CLIP-T)",
    image: "Nah an den Fotos (CLIP-I)",
    foreground: "Nur das Ding",
    clipScore: "CLIPScore",
  },
  elementColumn: (name) => `Im Prompt: ${name}`,
  elementNames: {
    style: "Stil",
    class: "Ding",
    ambiance: "Szene",
    property: "Aussehen",
  },

  chartTitle: "Prompt gegen Ähnlichkeit",
  chartHint: "Oben ist näher an den Fotos, rechts folgt dem Prompt besser. Beides wäre am besten.",
  chartLabel: (points) => `Ähnlichkeit mit den Fotos gegen Folgen des Prompts. ${points}`,
  chartPoint: (name, text, image) => `${name}: Prompt ${text}, Fotos ${image}.`,
  textAxis: "folgt dem Prompt →",
  imageAxis: "nah an den Fotos →",

  gridTitle: "Die Bilder",
  pictureLabel: (row, prompt, seed) => `${row}: „${prompt}“, Startzahl ${seed}`,

  copy: "Als JSON kopieren",
  save: "Als JSON speichern",
};

/** The words of the Adapters screen, in German; part of the page's. */
import type { adaptersText } from "../../features/adapters/text";
import { plainNumber } from "./numbers";

export const germanAdapters: typeof adaptersText = {
  title: "Adapter",
  lead: "Ein Adapter enthält ein gelerntes Ding: ein paar Megabyte zum Behalten, Weitergeben oder für andere Programme.",
  empty: "Hier ist noch nichts. Trainiere einen unter „Anlernen“ oder importiere eine Datei.",
  notYet: "Adapter, die dieser Browser aufbewahrt, stehen hier, sobald das Modell geladen ist.",
  drop: "Adapter hier ablegen oder wählen",
  dropHint:
    "LoRA als .safetensors, mit oder ohne ihr Wort; ein Ordner, wie diffusers oder peft ihn schreiben; ein .zip",
  chooseFiles: "Dateien wählen",
  chooseFolder: "Ordner wählen",
  noneAmong:
    "Unter diesen Dateien ist kein Adapter: Wähle eine .safetensors-Datei, ein .zip oder einen Ordner, den diffusers oder peft geschrieben hat.",
  import: "Importieren",
  emptyStart: "Einen trainieren",
  licence: (licence) => `Lizenz: ${licence}`,
  evaluate: "Messen, wie gut ein Adapter ist",
  pictureOf: (name) => `Ein Bild, das mit ${name} gezeichnet ist`,
  strengths: {
    title: "Seine Stärken ausprobieren",
    hint: "Mit seinem Wort darin. Größe, Startzahl und alles andere sind wie unter Zeichnen.",
    draw: (count) => `Mit ${count} Stärken zeichnen`,
    choose: (strength) => `Die Stärke ${plainNumber(strength)} nehmen`,
    chosen: (strength) => `Die Stärke ist jetzt ${plainNumber(strength)}.`,
  },
  exporting: {
    title: "Name, Lizenz und Form des Exports",
    name: "Name",
    nameHint: "Der Name der Datei, und was andere Programme zeigen. Leer nimmt das Wort.",
    licence: "Lizenz",
    licenceHint: "Unter der andere ihn benutzen dürfen, etwa CC BY 4.0. Leer sagt nichts.",
    preview: "Mit seinem Bild",
    previewHint:
      "Eine kleine Vorschau, die andere Programme zeigen. Sie kommt in .safetensors-Dateien und Projekte.",
    format: "Für",
    formats: [
      ["kohya", "Web-Oberflächen: eine .safetensors mit LoRA und Wort"],
      ["diffusers", "diffusers"],
      ["peft", "peft"],
      ["project", "Palpable: ein Projekt"],
    ],
    photos: (count) => (count === 1 ? "Mit seinem Foto" : `Mit seinen ${count} Fotos`),
    photosHint: "Wer die Datei bekommt, kann sie sehen.",
    go: "In dieser Form exportieren",
  },
  photos: {
    kept: (count) =>
      count === 1
        ? "Sein Foto wird mit ihm behalten, in diesem Browser."
        : `Seine ${count} Fotos werden mit ihm behalten, in diesem Browser.`,
    again: (count) =>
      count === 1 ? "Noch einmal mit seinem Foto trainieren" : "Noch einmal mit seinen Fotos trainieren",
    name: (noun, number) => `${noun} ${number}`,
    forget: (count) => (count === 1 ? "Sein Foto löschen" : "Seine Fotos löschen"),
    forgotten: (count) => (count === 1 ? "1 Foto gelöscht." : `${count} Fotos gelöscht.`),
    back: "Sie sind wieder da.",
  },
  share: "Teilen",
  link: {
    question: (fileName, host) => `Den Adapter „${fileName}“ von ${host} holen?`,
    meaning:
      "Ein Link hat darum gebeten. Jener Server erfährt deine Netzadresse, wie von jeder Seite, und sonst nichts. Die Datei wird geprüft, bevor sie benutzt wird; sie enthält Zahlen und kann nichts ausführen.",
    yes: "Ja, holen",
    no: "Nein",
    fetching: (host) => `Er wird von ${host} geholt`,
    refused: "Der Link bittet um etwas, das kein Adapter an einer https-Adresse ist. Nichts wurde geholt.",
    unreachable: (host) =>
      `Die Datei konnte nicht von ${host} geholt werden. Vielleicht gibt es sie nicht mehr, oder der Server lässt andere Seiten nicht lesen: Lade sie dort herunter und importiere sie unten.`,
    tooLarge: (host) => `Die Datei bei ${host} ist größer als 1 GB; sie wurde nicht geholt.`,
    make: "Einen Link zu einem Adapter machen",
    address: "Adresse der Datei",
    addressHint:
      "Leg die exportierte Datei auf einen Server, der andere Seiten lesen lässt, wie Hugging Face.",
    badAddress: "Sie muss mit https:// beginnen und auf .safetensors enden.",
    copy: "Link kopieren",
  },
  export: "Als .safetensors exportieren",
  exportWords: (count) => (count > 1 ? "Nur die Wörter exportieren" : "Nur das Wort exportieren"),
  remove: "Entfernen",
  removeQuestion: "Aus diesem Browser entfernen?",
  removeUnsaved: "Er wurde nie exportiert. Endgültig entfernen?",
  removeYes: "Ja, entfernen",
  removeNo: "Behalten",
  rank: (rank) => `Rang ${rank}`,
  layers: (layers) => (layers === 1 ? "1 Schicht" : `${layers} Schichten`),
  vectors: (vectors) => (vectors === 1 ? "1 Wortvektor" : `${vectors} Wortvektoren`),
  noWord: "Kein eigenes Wort",
  noun: (noun) => `eine Art „${noun}“`,
  nounOf: (word, noun) => `${word}: eine Art „${noun}“`,
  trainedOn: (model) => `Trainiert mit dem Modell ${model}`,
  trainedFor: (prompt) => `Trainiert für „${prompt}“`,
  keptHere: "Bleibt in diesem Browser, bis du ihn entfernst.",
  unsaved: "Weder gesichert noch exportiert: Er ist verloren, wenn dieser Tab schließt.",
  refused: (fileName) => `„${fileName}“ lässt sich jetzt nicht benutzen.`,
  triedAgain: "Er bleibt hier und wird mit dem nächsten Modell noch einmal versucht.",
  damaged: "Ein Adapter im Speicher dieses Browsers ist beschädigt.",
  deleteUnusable: "Löschen",
  problems: {
    noRoom:
      "Dieser Browser hat keinen Platz mehr für den Adapter. Exportiere ihn, bevor der Tab schließt, oder lösche Bilder in der Galerie.",
    unavailable:
      "Dieser Browser lässt die Seite keine Adapter behalten, wie in manchen privaten Fenstern. Exportiere die, die du brauchst.",
    failed:
      "Der Speicher dieses Browsers antwortete nicht. Exportiere die Adapter, die du brauchst, lade die Seite neu und versuche es noch einmal.",
  },
  imported: (name) => `${name} wurde importiert.`,
  removed: (name) => `${name} wurde entfernt.`,
  alreadyHere: (name) => `${name} ist schon hier und wurde nicht noch einmal importiert.`,
  sameWord: (name) =>
    `${name} wurde ausgeschaltet importiert, weil ein anderer Adapter hier dieses Wort hat. Wähle unter Zeichnen, welcher wirkt.`,
  exported: (name) => `${name} wurde exportiert.`,
};

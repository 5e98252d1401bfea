/** The words of the Gallery in German; part of the page's. */
import type { Text } from "../text";
import { plainNumber } from "./numbers";

const pictures = (count: number) => (count === 1 ? "1 Bild" : `${count} Bilder`);

export const germanGallery: Text["gallery"] = {
  title: "Galerie",
  lead: "Jedes Bild, das du zeichnest, mit den Einstellungen, die es gemacht haben. Sie bleiben in diesem Browser, bis du sie löschst. Leg irgendwo hier ein PNG ab, um mit seinen Einstellungen zu zeichnen.",
  summary: (count, size) => `${pictures(count)} · ${size}`,
  keep: "Neue Bilder behalten",
  keepOff: "Neue Bilder bleiben, bis dieser Tab schließt.",
  search: "In den Prompts suchen",
  searchHint: "Suchen",
  favouritesOnly: "Lieblinge",
  found: (count) => `${pictures(count)} gefunden`,
  nothingFound: "Kein Bild passt. Nimm weniger Wörter, oder zeig mehr als die Lieblinge.",
  showAll: "Alle Bilder zeigen",
  more: (count) => `${count} weitere zeigen`,
  open: "Ein PNG öffnen",
  openHint: "Seine Einstellungen gehen zu „Zeichnen“.",
  dropHere: "PNG ablegen, um seine Einstellungen zu benutzen",
  label: (prompt) => `„${prompt}“`,
  favourite: (prompt) => `Liebling: „${prompt}“`,
  favouriteMark: "Liebling",
  settings: "Einstellungen der Galerie",
  select: (prompt) => `„${prompt}“ auswählen`,
  selection: "Ausgewählte Bilder",
  selected: (count) => `${pictures(count)} ausgewählt`,
  selectAll: "Alle auswählen",
  clear: "Auswahl aufheben",
  export: "Als Zip exportieren",
  exported: (count) => `${pictures(count)} exportiert.`,
  delete: "Löschen",
  deleted: (count) => `${pictures(count)} gelöscht.`,
  restored: (count) => (count === 1 ? "1 Bild ist wieder da." : `${count} Bilder sind wieder da.`),
  damaged: (count) =>
    count === 1
      ? "1 Bild im Speicher dieses Browsers ist beschädigt und wurde weggelassen."
      : `${count} Bilder im Speicher dieses Browsers sind beschädigt und wurden weggelassen.`,
  deleteDamaged: "Beschädigtes löschen",

  empty: {
    title: "Hier ist noch nichts",
    steps: [
      ["generate", "Jedes gezeichnete Bild bleibt hier, mit Prompt, Startzahl und allen Einstellungen."],
      [
        "again",
        "„Diese Einstellungen benutzen“ zeichnet es noch einmal, auf den Pixel genau, oder ist ein Anfang für das nächste.",
      ],
      [
        "download",
        "Gespeicherte PNGs tragen ihre Einstellungen: Leg eins hier ab, auch aus anderen Programmen, um sie zurückzuholen.",
      ],
    ],
    start: "Ein Bild zeichnen",
  },

  picture: {
    back: "Alle Bilder",
    newer: "Neueres Bild",
    older: "Älteres Bild",
    use: "Diese Einstellungen benutzen",
    startFrom: "Davon ausgehen",
    start: "Ausgegangen von",
    keptStart: "Worauf es gezeichnet wurde",
    startPicture: (percent, masked) =>
      `${masked ? "einem Teil eines anderen Bildes" : "einem anderen Bild"}, zu ${percent} % geändert`,
    save: "Als PNG speichern",
    settings: "Einstellungen",
    negative: "Was fehlen soll",
    seed: "Startzahl",
    steps: "Schritte",
    guidance: "Führung",
    sampler: "Sampler",
    size: "Größe",
    model: "Modell",
    adapters: "Adapter",
    noAdapters: "keine",
    adapter: (name, strength) => `${name} mit ${plainNumber(strength)}`,
    savedAt: "Gezeichnet am",
    missing: "Dieses Bild ist nicht mehr in der Galerie.",
    unreadable: "Die Datei dieses Bildes lässt sich nicht mehr lesen.",
  },

  filledIn: {
    title: "Die Einstellungen sind eingetragen",
    undone: "Die Einstellungen sind wieder wie vorher.",
    file: (name) => `Sie kommen aus „${name}“.`,
    noAdapter: (name) =>
      `Der Adapter „${name}“ ist nicht hier. Importiere ihn unter „Adapter“, um dasselbe Bild zu bekommen.`,
    otherModel: (name) => `Es wurde mit dem Modell „${name}“ gezeichnet; dieses hier zeichnet es anders.`,
    otherSize: (was, now) => `Es hatte ${was} Pixel; ${now} ist hier die nächste Größe.`,
    startNotKept:
      "Es wurde auf einem anderen Bild gezeichnet, das nicht mit aufbewahrt ist. Wähle eines unter „Von einem Bild ausgehen“; bis dahin beginnt es mit Rauschen.",
    startIsBack: "Es geht vom selben Bild aus.",
    maskNotKept: "Welcher Teil neu gezeichnet wurde, ist nicht aufbewahrt: Male ihn noch einmal.",
    noSampler: (name) => `Den Sampler „${name}“ gibt es hier nicht; der gewählte bleibt.`,
    clipSkip: (layers) =>
      `Es wurde mit „Clip skip: ${layers}“ gezeichnet, was es hier nicht gibt: Das Bild wird anders.`,
    promptSyntax: (part) =>
      `„${part}“ bedeutet anderen Programmen etwas, hier nicht: Alle Wörter gelten vom ersten bis zum letzten Schritt.`,
    noStrength: (name, written) =>
      `Die Stärke „${written}“ von „${name}“ lässt sich nicht lesen. Stelle sie selbst ein.`,
    textStrength: (name, te, unet) =>
      `„${name}“ wirkte auf die Wörter mit ${plainNumber(te)} und auf das Bild mit ${plainNumber(unet)}; hier gilt eine Stärke für beides, ${plainNumber(unet)}.`,
    limited: (name, value, limit) =>
      `${name}: Aus ${plainNumber(value)} wurde ${plainNumber(limit)}, die Grenze hier.`,
  },

  problems: {
    notKept: "Das Bild wird gezeigt, aber nicht behalten",
    notBack: "Die gelöschten Bilder konnten nicht zurückgeholt werden.",
    noRoom:
      "Dieser Browser hat keinen Platz mehr. Speichere das Bild als PNG, bevor der Tab schließt, oder lösche andere in der Galerie.",
    unavailable:
      "Dieser Browser lässt die Seite keine Bilder behalten, wie in manchen privaten Fenstern. Speichere die, die dir gefallen, als PNG.",
    failed:
      "Der Speicher dieses Browsers antwortete nicht. Speichere Wichtiges als PNG, lade die Seite neu und versuche es noch einmal.",
    noPicture:
      "Der Browser hat keinen Speicher für ein weiteres Bild. Schließe andere Tabs und versuche es noch einmal.",
    tooLong:
      "Seine Prompts, Adapter oder Namen sind für die Galerie zu lang oder zu viele. Speichere das Bild als PNG, bevor der Tab schließt.",
    leftOut: (count) =>
      count === 1
        ? "1 Bild ließ sich nicht lesen und fehlt im Zip."
        : `${count} Bilder ließen sich nicht lesen und fehlen im Zip.`,
    tooLarge: (name) => `„${name}“ ist größer als 64 MB; es wurde nicht geöffnet.`,
    notAPng: (name) => `„${name}“ ist kein vollständiges PNG-Bild.`,
    noSettings: (name) =>
      `„${name}“ enthält keine Einstellungen. Andere Programme entfernen sie beim Speichern.`,
  },
};

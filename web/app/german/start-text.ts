/** The words for drawing on a given picture, in German. */
import type { StartText } from "../../features/generate/start-text";

export const germanStart: StartText = {
  lead: "Statt aus Rauschen: Dein Prompt ändert das Bild so weit, wie du es zulässt. Es bleibt in diesem Browser: Die Galerie bewahrt es mit dem auf, was darauf gezeichnet wird, und keine gespeicherte Datei enthält es.",
  drop: "Bild hierher ziehen, einfügen oder Datei wählen",
  dropHint: "JPEG, PNG, WebP oder HEIC",
  fromGallery: "Eines aus der Galerie nehmen",
  preview: (name) => `Wovon ausgegangen wird: ${name}`,
  previewMasked: (name) => `Wovon ausgegangen wird: ${name}; farbig, wo neu gezeichnet wird`,
  remove: "Wieder mit Rauschen beginnen",
  fit: "Wenn die Formen nicht passen",
  fits: { cut: "Auf die Form des neuen Bildes zuschneiden", stretch: "Strecken" },
  becomes: (was, now) => `Aus ${was} wird ${now}.`,
  isCut: {
    "left and right": "Links und rechts wird abgeschnitten, was zu viel ist.",
    "top and bottom": "Oben und unten wird abgeschnitten, was zu viel ist.",
  },
  part: "Welcher Teil bleibt",
  takeShape: (size) => `In seiner Form zeichnen: ${size}`,
  strength: "Wie viel sich ändert",
  strengthHint: "Wenig behält das Bild, viel folgt dem Prompt: So viele der Schritte werden gemacht.",
  maskTitle: "Nur einen Teil neu zeichnen",
  maskLead: "Übermale, was anders werden soll; der Rest bleibt, wie er ist.",
  paint: "Teil malen",
  change: "Teil ändern",
  whole: "Alles neu zeichnen",
  blur: "Weicher Rand, in Pixeln",
  dialogTitle: "Was neu gezeichnet wird",
  canvas: "Was vom Bild neu gezeichnet wird",
  hint: "Übermale es. Pfeiltasten bewegen den Pinsel, Leertaste malt, Entf radiert.",
};

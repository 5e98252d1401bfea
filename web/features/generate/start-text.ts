/** The words for drawing on a given picture. */
import { inLanguage } from "../../app/language";

export const english = {
  lead: "Instead of from noise: your prompt changes the picture as far as you let it. It stays in this browser: the Gallery keeps it with what is drawn on it, and no saved file carries it.",
  drop: "Drop a picture here, paste one, or choose a file",
  dropHint: "JPEG, PNG, WebP or HEIC",
  fromGallery: "Take one of the Gallery",
  preview: (name: string) => `What is started from: ${name}`,
  previewMasked: (name: string) => `What is started from: ${name}; coloured where it is redrawn`,
  remove: "Start from noise again",
  fit: "If the shapes differ",
  fits: { cut: "Cut it to the shape of what is drawn", stretch: "Stretch it" },
  becomes: (was: string, now: string) => `${was} becomes ${now}.`,
  isCut: {
    "left and right": "What is too much is cut off on the left and right.",
    "top and bottom": "What is too much is cut off at the top and bottom.",
  },
  part: "Which part stays",
  takeShape: (size: string) => `Draw in its shape: ${size}`,
  strength: "How much changes",
  strengthHint: "Little keeps the picture, much follows the prompt: so many of the steps are made.",
  maskTitle: "Redraw only a part",
  maskLead: "Paint over what should become something else; the rest stays as it is.",
  paint: "Paint the part",
  change: "Change the part",
  whole: "Redraw all of it",
  blur: "Soft edge, in pixels",
  dialogTitle: "What is redrawn",
  canvas: "What of the picture is redrawn",
  hint: "Paint over it. Arrow keys move the brush, Space paints, Delete rubs out.",
};

export type StartText = typeof english;

export const startText = await inLanguage(english, {
  de: async () => (await import("../../app/german/start-text")).germanStart,
});

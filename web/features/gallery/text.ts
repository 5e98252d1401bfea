/** The words of the Gallery; part of `text`. */
const pictures = (count: number) => (count === 1 ? "1 picture" : `${count} pictures`);

export const galleryText = {
  title: "Gallery",
  lead: "Every picture you draw, with the settings that made it. They stay in this browser until you delete them. Drop a PNG anywhere here to draw with its settings.",
  summary: (count: number, size: string) => `${pictures(count)} · ${size}`,
  keep: "Keep new pictures",
  keepOff: "New pictures last until this tab closes.",
  search: "Search the prompts",
  searchHint: "Search",
  favouritesOnly: "Favourites",
  found: (count: number) => `${pictures(count)} found`,
  nothingFound: "No picture fits. Try fewer words, or show more than the favourites.",
  showAll: "Show all pictures",
  more: (count: number) => `Show ${count} more`,
  open: "Open a PNG",
  openHint: "Its settings go to Generate.",
  dropHere: "Drop the PNG to use its settings",
  label: (prompt: string) => `“${prompt}”`,
  favourite: (prompt: string) => `Favourite: “${prompt}”`,
  favouriteMark: "Favourite",
  settings: "Gallery settings",
  select: (prompt: string) => `Select “${prompt}”`,
  selection: "Selected pictures",
  selected: (count: number) => `${pictures(count)} selected`,
  selectAll: "Select all",
  clear: "Clear the selection",
  export: "Export as zip",
  exported: (count: number) => `${pictures(count)} exported.`,
  delete: "Delete",
  deleted: (count: number) => `${pictures(count)} deleted.`,
  restored: (count: number) => (count === 1 ? "1 picture is back." : `${count} pictures are back.`),
  damaged: (count: number) =>
    count === 1
      ? "1 picture in this browser's storage is damaged and was left out."
      : `${count} pictures in this browser's storage are damaged and were left out.`,
  deleteDamaged: "Delete what is damaged",

  empty: {
    title: "Nothing here yet",
    steps: [
      ["generate", "Every picture you generate is kept here, with its prompt, seed and all settings."],
      ["again", "“Use these settings” draws it again, to the pixel, or gives you a start for the next one."],
      [
        "download",
        "Saved PNGs carry their settings: drop one here, also from other programs, to restore them.",
      ],
    ] as ["generate" | "again" | "download", string][],
    start: "Generate a picture",
  },

  picture: {
    back: "All pictures",
    newer: "Newer picture",
    older: "Older picture",
    use: "Use these settings",
    startFrom: "Start from it",
    start: "Started from",
    keptStart: "What it was drawn on",
    startPicture: (percent: number, masked: boolean) =>
      `${masked ? "a part of another picture" : "another picture"}, changed by ${percent}%`,
    save: "Save as PNG",
    settings: "Settings",
    negative: "What to avoid",
    seed: "Seed",
    steps: "Steps",
    guidance: "Guidance",
    sampler: "Sampler",
    size: "Size",
    model: "Model",
    adapters: "Adapters",
    noAdapters: "none",
    adapter: (name: string, strength: number) => `${name} at ${strength}`,
    savedAt: "Drawn on",
    missing: "This picture is no longer in the gallery.",
    unreadable: "This picture's file can't be read any more.",
  },

  filledIn: {
    title: "The settings are filled in",
    undone: "The settings are as they were before.",
    file: (name: string) => `They come from “${name}”.`,
    noAdapter: (name: string) =>
      `The adapter “${name}” isn't here. Import it under Adapters for the same picture.`,
    otherModel: (name: string) => `It was drawn with the model “${name}”; this one will draw it differently.`,
    otherSize: (was: string, now: string) => `It was ${was} pixels; ${now} is the nearest size here.`,
    startNotKept:
      "It was drawn on another picture, which isn't kept with it. Choose one under “Start from a picture”; until then it starts from noise.",
    startIsBack: "It starts from the same picture.",
    maskNotKept: "Which part was redrawn isn't kept: paint it again.",
    noSampler: (name: string) => `The sampler “${name}” isn't offered here; the one chosen stays.`,
    clipSkip: (layers: string) =>
      `It was drawn with “Clip skip: ${layers}”, which isn't offered here: the picture will differ.`,
    promptSyntax: (part: string) =>
      `“${part}” has a meaning in other programs that it doesn't have here: all words count from first step to last.`,
    noStrength: (name: string, written: string) =>
      `The strength “${written}” of “${name}” can't be read. Set it by hand.`,
    textStrength: (name: string, te: number, unet: number) =>
      `“${name}” acted on the words at ${te} and on the picture at ${unet}; here one strength is for both, ${unet}.`,
    limited: (name: string, value: number, limit: number) =>
      `${name}: ${value} became ${limit}, the limit here.`,
  },

  problems: {
    notKept: "The picture is shown but not kept",
    notBack: "The deleted pictures could not be put back.",
    noRoom:
      "This browser has no room left. Save the picture as a PNG before the tab closes, or delete others in the Gallery.",
    unavailable:
      "This browser doesn't let the page keep pictures, as in some private windows. Save those you like as PNG.",
    failed: "This browser's storage didn't answer. Save what matters as PNG, reload the page and try again.",
    noPicture: "The browser has no memory left for another picture. Close other tabs and try again.",
    tooLong:
      "Its prompts, adapters or names are too long or too many for the Gallery. Save the picture as a PNG before the tab closes.",
    leftOut: (count: number) => `${pictures(count)} could not be read and left out of the zip.`,
    tooLarge: (name: string) => `“${name}” is larger than 64 MB; it was not opened.`,
    notAPng: (name: string) => `“${name}” is not a whole PNG picture.`,
    noSettings: (name: string) => `“${name}” carries no settings. Other programs remove them when they save.`,
  },
};

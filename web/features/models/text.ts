/** The words of the Models screen. */
import { inLanguage } from "../../app/language";

const EIGHT_BITS = "Its U-Net is kept in eight bits, because more would not fit; pictures change slightly.";

export const english = {
  title: "Models",
  lead: "Draw and train with any Stable Diffusion 1.x or 2.x model: from a model hub, an address, or your own files. It is fetched once, straight to this browser, and stays there until you delete it.",

  inUse: "In use",
  demo: "The demo model",
  useDemo: "Use the demo model",
  wide: "Compute with 32-bit numbers",
  wideHint: "For a model whose numbers outgrow 16 bits. A picture then takes more memory.",
  facts: (parameters: string, side: number, memory: string) =>
    `${parameters} parameters, draws ${side} × ${side} pixels, takes ${memory} of GPU memory.`,

  get: "Get a model",
  address: "From a hub or an address",
  addressHint:
    "Its name on huggingface.co, or the address of a .safetensors file or a diffusers folder. This page connects to that host only when you press the button.",
  addressExample: "owner/name",
  known: {
    title: "Well-known models",
    full: "Stable Diffusion 1.5",
    tiny: "BK-SDM Tiny, for phones",
    turbo: "SD-Turbo, in few steps",
  },
  badAddress: "Write owner/name as on the hub, or a whole address that begins with https://.",
  token: "Access token",
  tokenHint:
    "Only for models that ask for one. It is sent to the hub alone, kept in memory, and forgotten when this tab closes.",
  look: "Look at it",
  looking: "Looking at the model…",
  drop: "Open a file or a folder of this device",
  dropHint: "One .safetensors file, or a folder in diffusers' layout. It is read where it lies.",
  chooseFolder: "Choose a folder",
  chooseFile: "Choose a file",
  keep: "Keep a copy in this browser",
  keepHint: "So that it is there at the next visit without the file.",
  keepOrRemember:
    "So that it is there at the next visit without the file. Otherwise only its place on the disk is remembered.",
  noFiles: "There is no model in it: no .safetensors file and no model_index.json.",

  offer: {
    from: (place: string) => `From ${place}`,
    local: "From this device",
    toFetch: (bytes: string) => `${bytes} to fetch.`,
    rest: (rest: string, total: string) => `${rest} of ${total} to fetch; the rest is here already.`,
    size: (bytes: string) => `${bytes} on disk.`,
    completed: (parts: string[], giver: string) => `Takes ${parts.join(" and ")} from ${giver}.`,
    licence: (name: string) => `Licence: ${name}`,
    noLicence: "No licence is named at its source.",
    read: "Read it",
    accept: "I have read the licence and accept it for this model.",
    acceptUnknown: "I may use this model.",
    fetch: "Fetch and use",
    use: "Use",
    dismiss: "Not this one",
    precision: {
      f32: "Its weights are kept as 32-bit floats.",
      f16: "Its weights are kept as 16-bit floats, which halves the memory.",
      "f16-f32": "Its weights are kept in 16 bits, which halves their memory.",
      "int8-f32": EIGHT_BITS,
      "int8-f16": EIGHT_BITS,
    },
    draws: (side: number, bytes: string) =>
      `Drawing ${side} × ${side} pixels takes up to ${bytes} of GPU memory.`,
    trains: (bytes: string) => `Training takes at least ${bytes}.`,
    fits: (limit: string) => `Both fit in the ${limit} that may be used.`,
    drawsOnly: (limit: string) => `Drawing fits in the ${limit} that may be used; training does not.`,
    tooLarge: (limit: string) =>
      `That is more than the ${limit} that may be used here: choose a smaller model, such as a distilled one.`,
    noRoom: (free: string) =>
      `This browser has ${free} of room left, too little for it. Delete something first.`,
  },

  incomplete: {
    /** By diffusers' folders; a tokenizer goes with its text encoder. */
    parts: { vae: "the autoencoder (VAE)", text_encoder: "the text encoder" } as Record<string, string>,
    lacks: (parts: string[]) => `This file is not a whole model: it lacks ${parts.join(" and ")}.`,
    noUnet:
      "This file has no U-Net, the part that draws: it is an addition to other models. Choose a whole checkpoint.",
    choose: "Another model of the same kind can give what it lacks: Stable Diffusion 1.x to 1.x, 2.x to 2.x.",
    nothingHere:
      "Fetch a model of the same kind in diffusers' layout first, such as stable-diffusion-v1-5/stable-diffusion-v1-5 for Stable Diffusion 1.x, then open this file again and complete it from there.",
    from: "Taken from",
    giver: (name: string, from: string) => `${name} (${from})`,
    complete: "Complete it",
    completing: "Looking whether they fit…",
  },

  fetching: {
    title: (name: string) => `Fetching ${name}`,
    progress: (loaded: string, total: string) => `${loaded} of ${total}`,
    pause: "Pause",
    resume: "Go on",
    cancel: "Stop",
    paused: "Paused. What has arrived stays, also when this tab closes.",
    hint: "The model in use stays usable meanwhile. If the connection breaks, it goes on from where it was.",
    done: (name: string) => `${name} is ready.`,
  },

  stored: {
    title: "In this browser",
    empty: "No fetched model yet. The demo model comes with the page.",
    whole: (size: string, used: string) => `${size}, last used ${used}`,
    never: "not used yet",
    partly: (size: string, total: string) => `${size} of ${total} fetched`,
    damaged: (size: string) => `${size}; its list of files is damaged`,
    inUse: "In use",
    use: "Use",
    goOn: "Fetch the rest",
    delete: "Delete",
    question: (name: string) => `Delete ${name} from this browser?`,
    yes: "Yes, delete it",
    no: "Keep it",
    atWork: "The model in use is at work. Wait for its end or stop it, then delete it.",
    notDeleted:
      "The browser would not delete the model. Close other tabs of this page and try again, or clear this site's data in the browser's settings.",
    unavailable:
      "This browser doesn't let the page keep files, as in some private windows. Models are read from their source each time.",
  },

  onDisk: {
    title: "On this device's disk",
    hint: "Read where they lie. Nothing of them is copied; the browser may ask you before the page reads one again.",
    facts: (size: string, used: string) => `${size}, last used ${used}`,
    place: (name: string) => `In ${name}`,
    inUse: "In use",
    use: "Use",
    forget: "Forget",
    forgotten: (name: string) => `${name} is forgotten; its files stay where they are.`,
  },

  storage: {
    used: (used: string, quota: string) => `${used} of the ${quota} that this browser grants are used.`,
    nearlyFull: "The storage is nearly full. Delete models or pictures before you fetch more.",
    persisted: "The browser keeps it until you delete it.",
    notPersisted: "The browser may delete it when the disk fills up.",
    persist: "Ask the browser to keep it",
    refused:
      "The browser doesn't promise it yet. It may after you have used the page more often or added it to the home screen.",
  },
};

export type ModelsText = typeof english;

export const modelsText = await inLanguage(english, {
  de: async () => (await import("../../app/german/models-text")).germanModels,
});

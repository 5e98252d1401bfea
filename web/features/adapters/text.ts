/** The words of the Adapters screen; part of the page's `text`. */
import type { ExportFormat } from "../../engine/contract/adapters";

export const adaptersText = {
  title: "Adapters",
  lead: "An adapter holds one learned thing: a few megabytes to keep, share, or use in other programs.",
  empty: "Nothing here yet. Train one under Personalize, or import a file.",
  notYet: "Adapters that this browser keeps are listed once the model is loaded.",
  drop: "Drop adapters here, or choose them",
  dropHint: "LoRA as .safetensors, with or without its word; a folder as diffusers or peft write it; a .zip",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  noneAmong:
    "There is no adapter among these files: choose a .safetensors file, a .zip, or a folder that diffusers or peft wrote.",
  import: "Import",
  emptyStart: "Train one",
  licence: (licence: string) => `Licence: ${licence}`,
  evaluate: "Measure how good an adapter is",
  pictureOf: (name: string) => `A picture drawn with ${name}`,
  strengths: {
    title: "Try its strengths",
    hint: "With its word in it. Size, seed and all else are as under Generate.",
    draw: (count: number) => `Draw it at ${count} strengths`,
    choose: (strength: number) => `Take the strength ${strength}`,
    chosen: (strength: number) => `The strength is ${strength} now.`,
  },
  exporting: {
    title: "Name, licence and form of the export",
    name: "Name",
    nameHint: "The file's name, and what other programs show. Empty takes the word.",
    licence: "Licence",
    licenceHint: "Under which others may use it, such as CC BY 4.0. Empty says nothing.",
    preview: "With its picture",
    previewHint: "A small preview, which other programs show. It goes into .safetensors files and projects.",
    format: "For",
    formats: [
      ["kohya", "Web UIs: one .safetensors with LoRA and word"],
      ["diffusers", "diffusers"],
      ["peft", "peft"],
      ["project", "Palpable: a project"],
    ] as [ExportFormat | "project", string][],
    photos: (count: number) => (count === 1 ? "With its photo" : `With its ${count} photos`),
    photosHint: "Whoever gets the file can see them.",
    go: "Export in this form",
  },
  photos: {
    kept: (count: number) =>
      count === 1
        ? "Its photo is kept with it, in this browser."
        : `Its ${count} photos are kept with it, in this browser.`,
    again: (count: number): string =>
      count === 1 ? "Train again with its photo" : "Train again with its photos",
    name: (noun: string, number: number) => `${noun} ${number}`,
    forget: (count: number): string => (count === 1 ? "Delete its photo" : "Delete its photos"),
    forgotten: (count: number) => (count === 1 ? "1 photo deleted." : `${count} photos deleted.`),
    back: "They are back.",
  },
  share: "Share",
  link: {
    question: (fileName: string, host: string) => `Fetch the adapter “${fileName}” from ${host}?`,
    meaning:
      "A link asked for it. That server learns your network address, as from any page, and nothing else. The file is checked before it is used; it holds numbers and can't run anything.",
    yes: "Yes, fetch it",
    no: "No",
    fetching: (host: string) => `Fetching it from ${host}`,
    refused: "The link asks for something that isn't an adapter at an https address. Nothing was fetched.",
    unreachable: (host: string) =>
      `The file could not be fetched from ${host}. It may be gone, or the server may not allow other pages to read it: download it there and import it below.`,
    tooLarge: (host: string) => `The file at ${host} is larger than 1 GB; it was not fetched.`,
    make: "Make a link to an adapter",
    address: "Address of the file",
    addressHint: "Put the exported file on a server that lets other pages read it, such as Hugging Face.",
    badAddress: "It must begin with https:// and end in .safetensors.",
    copy: "Copy the link",
  },
  export: "Export .safetensors",
  exportWords: (count: number): string => (count > 1 ? "Export the words alone" : "Export the word alone"),
  remove: "Remove",
  removeQuestion: "Remove it from this browser?",
  removeUnsaved: "It has never been exported. Remove it for good?",
  removeYes: "Yes, remove",
  removeNo: "Keep it",
  rank: (rank: number) => `rank ${rank}`,
  layers: (layers: number) => (layers === 1 ? "1 layer" : `${layers} layers`),
  vectors: (vectors: number) => (vectors === 1 ? "1 word vector" : `${vectors} word vectors`),
  noWord: "No word of its own",
  noun: (noun: string) => `a kind of ${noun}`,
  nounOf: (word: string, noun: string) => `${word}: a kind of ${noun}`,
  trainedOn: (model: string) => `Trained on the model ${model}`,
  trainedFor: (prompt: string) => `Trained for “${prompt}”`,
  keptHere: "Kept in this browser until you remove it.",
  unsaved: "Neither kept nor exported: it is lost when this tab closes.",
  refused: (fileName: string) => `“${fileName}” can't be used now.`,
  triedAgain: "It stays here and is tried again with the next model.",
  damaged: "An adapter in this browser's storage is damaged.",
  deleteUnusable: "Delete it",
  problems: {
    noRoom:
      "This browser has no room left to keep the adapter. Export it before the tab closes, or delete pictures in the Gallery.",
    unavailable:
      "This browser doesn't let the page keep adapters, as in some private windows. Export those you need.",
    failed:
      "This browser's storage didn't answer. Export the adapters you need, reload the page and try again.",
  },
  imported: (name: string) => `${name} was imported.`,
  removed: (name: string) => `${name} was removed.`,
  alreadyHere: (name: string) => `${name} is here already, so it was not imported again.`,
  sameWord: (name: string) =>
    `${name} was imported switched off, since another adapter here has this word. Choose under Generate which of them acts.`,
  exported: (name: string) => `${name} was exported.`,
};

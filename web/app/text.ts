/**
 * The words that the page shows, for correction and translation (see `language.ts`): here those of its frame, with
 * those that features bring in their folders (`text.ts`). What few visitors see, a feature loads with itself. Functions
 * where a value comes in. Prompts stay English in every language: it is what the model understands.
 */
import type { FaultKind } from "../engine/fault";
import { aboutTexts } from "../features/about/text";
import { adaptersText } from "../features/adapters/text";
import { galleryText } from "../features/gallery/text";
import { generateText } from "../features/generate/text";
import { helpTexts } from "../features/help/text";
import { personalizeTexts } from "../features/personalize/text";
import { inLanguage } from "./language";

export const english = {
  appName: "Palpable",
  skipToContent: "Skip to content",
  screens: {
    personalize: "Personalize",
    generate: "Generate",
    gallery: "Gallery",
    adapters: "Adapters",
    evaluate: "Evaluate",
    models: "Models",
    about: "Device",
  },
  navigation: "Screens",
  undo: "Undo",
  copying: {
    done: "Copied.",
    forbidden: "The browser doesn't allow copying here. Select this and copy it yourself:",
  },
  longText: { all: "Show all of it", less: "Show less" },
  unreadableFiles:
    "Not all of it could be read. Check that it is still there and may be read, then choose it again.",
  loading: "Loading",
  outside: (least: number, most: number, whole: boolean) =>
    `Only ${whole ? "whole numbers" : "numbers"} from ${least} to ${most} are possible here, so the field was corrected.`,
  million: (value: string) => `${value} million`,
  billion: (value: string) => `${value} billion`,
  screenNotFetched:
    "This screen could not be fetched. Check the connection and try again; if it still fails, reload the page.",

  device: {
    checking: "Looking at this device…",
    pillReady: "Ready",
    pillSlow: "Ready, slow",
    pillChecking: "Checking",
    pillLoading: "Loading",
    pillFault: "Needs attention",
  },

  update: {
    title: "A new version is ready",
    ready: "It is taken by reloading the page, which takes a second.",
    working: "It waits: a tab of Palpable is in the middle of work. Reload when that is done.",
    reload: "Reload",
    later: "Later",
  },

  model: {
    title: "Getting the demo model ready",
    fetching: (loaded: string, total: string) => `Fetching the model: ${loaded} of ${total}`,
    uploading: (loaded: string, total: string) => `Moving it to the GPU: ${loaded} of ${total}`,
    compiling: (kernels: number, of: number) => `Preparing the GPU's programs: ${kernels} of ${of}`,
    starting: "Reading the list of files…",
    hint: "This happens once. The next visit reads it from this browser's storage.",
    failed: "The model could not be loaded.",
    otherTitle: "Getting the model ready",
    orDemo: "The demo model comes with the page and works meanwhile.",
    useDemo: "Use the demo model",
    /** About a model that is read where it lies. */
    onDisk: {
      last: (name: string) => `At your last visit you used ${name}`,
      asks: "It lies on this device's disk. The browser asks you before the page reads it again; until then the demo model is in use.",
      again: (name: string) => `Use ${name} again`,
      notNow: "Not now",
      toModels: "See all models",
      refused: (name: string) =>
        `The browser doesn't let the page read ${name}. Press “Use” again and allow it, or allow it in the browser's settings for this site.`,
      gone: (name: string) =>
        `${name} isn't where it was: it was moved, renamed or deleted, or its drive isn't connected. Open it from where it is now.`,
      changed: (name: string) =>
        `${name} has changed on the disk since it was last used. See what it is now, then use it.`,
      notKept: "The browser's database doesn't work, so where models lie on the disk can't be remembered.",
    },
  },

  memoryLimit: {
    label: "GPU memory it may take, in GB",
    hint: "Browsers don't tell how much there is. What needs more is refused.",
    change: "Change how much memory it may take",
  },

  faults: {
    retry: "Try again",
    restart: "Start the engine afresh",
    restartAnyway: "Start it afresh all the same",
    engineWorks: "The engine is at work. Starting it afresh breaks that off.",
    dismiss: "Dismiss",
    details: "What to do",
    overflow: "Compute with 32-bit numbers",
    notOpen: "The engine isn't running. Start it afresh.",
    insecurePage: "Browsers offer WebGPU only to pages from https or localhost.",
    noWebGpu: "This browser offers no WebGPU, which Palpable computes with.",
    noGpu: "This browser offers no WebGPU here: it has no graphics card that it may use.",
    wasmBlocked: "This browser doesn't allow WebAssembly, which Palpable's engine is.",
    engineStopped: "The engine stopped unexpectedly.",
    /** Before the engine's own sentence, for languages that it doesn't speak. */
    ofKind: {} as Partial<Record<FaultKind, string>>,
    otherTab:
      "Palpable is open in another tab, which has the engine. This one goes on by itself when that one is closed.",
    useHere: "Use it in this tab",
    otherTabWorks: "The other tab is in the middle of work. Let it finish, or stop it there.",
    whatToDo: {
      NoWebGpu: [
        "Use a current Chrome or Edge on Windows, macOS, Linux or Android, Safari 26 on macOS or iOS, or a current Firefox on Windows or a Mac with Apple silicon.",
        "Switch hardware acceleration on in the browser's settings, and update the graphics driver.",
        "On Linux, Chrome may need “Unsafe WebGPU Support” and “Vulkan” switched on at chrome://flags.",
      ],
      WasmBlocked: [
        "Switch JavaScript optimisation or the enhanced security mode off for this site: they forbid WebAssembly.",
        "An extension or a company's policy may forbid it too; try another browser profile.",
      ],
      InsecurePage: ["Open the page at its https address, or at http://localhost on your own machine."],
      other: [
        "Reload the page. If it happens again, copy the facts below into a report.",
        "Close other tabs and programs that use the graphics card.",
      ],
    },
  },

  beforeAfter: {
    slider: (before: string, after: string) =>
      `Line between “${before}” on the left and “${after}” on the right`,
    share: (percent: number, before: string) => `${percent}% ${before}`,
  },

  ...helpTexts,
  ...personalizeTexts,
  generate: generateText,
  gallery: galleryText,
  adapters: adaptersText,
  ...aboutTexts,
};

export type Text = typeof english;

export const text = await inLanguage(english, {
  de: async () => (await import("./german/text")).german,
});

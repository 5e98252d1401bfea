/**
 * The words that the page shows, for correction and translation (see `language.ts`); those of some features lie beside
 * it (`gallery-text.ts` and others) or in the feature's folder. Functions where a value comes in. Prompts stay English
 * in every language: it is what the model understands.
 */
import type { ExportFormat } from "../engine/contract/adapters";
import type { FaultKind } from "../engine/fault";
import { galleryText } from "./gallery-text";
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

  tour: {
    label: "Tour",
    step: (step: number, steps: number) => `Tour, ${step} of ${steps}`,
    steps: [
      [
        "Show it one thing of yours",
        "One to ten photos of the same thing, or a sample to try it out, and the ordinary word for it.",
      ],
      [
        "Say what you want to see, and train",
        "The training learns your thing and keeps to your wish. It runs on this device: no photo leaves it.",
      ],
      [
        "Draw with its new word",
        "The word works in any prompt. One click shows the same picture without what was learned.",
      ],
      [
        "Everything stays with you",
        "Pictures and adapters are kept in this browser until you delete them, and all of it works offline.",
      ],
    ] as [title: string, lead: string][],
    next: "Next",
    previous: "Previous",
    skip: "Skip the tour",
    end: "Got it",
  },

  help: {
    open: "Help and keys",
    title: "Help",
    keys: [
      [["1", "…", "7"], "go to a screen"],
      [["?"], "open this help"],
      [["Ctrl", "Enter"], "start the training or the picture, from any of its fields"],
      [["←", "→"], "newer or older picture, in the Gallery"],
      [["Ctrl", "Z"], "take back what was just removed"],
      [["Esc"], "close what is open"],
    ] as [keys: string[], what: string][],
    singleKeys: "Single keys act at once",
    singleKeysHint: "Switch it off if keys are pressed unasked, as with speech input.",
    device: "This device, for a report",
    tour: "Show the tour",
    close: "Close",
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

  photos: {
    notAnImage: (name: string) => `“${name}” is not a JPEG, PNG, WebP or HEIC picture.`,
    broken: (name: string) => `“${name}” is damaged and can't be opened.`,
    unreadable: (name: string) => `“${name}” can't be read. Check that it is a file and still there.`,
    noneInFolder: (name: string) => `No JPEG, PNG, WebP or HEIC picture is in the folder “${name}”.`,
    noHeifDecoder: (name: string) =>
      `“${name}” is a HEIC photo, and what opens those could not be fetched. Check the connection and add it again.`,
    tooLarge: (name: string, megapixels: number) =>
      `“${name}” has more than ${megapixels} megapixels; scale it down before you add it.`,
    tooManyBytes: (name: string, megabytes: number) =>
      `“${name}” is larger than ${megabytes} MB; scale it down before you add it.`,
    tooSmall: (name: string, side: number) => `“${name}” is smaller than ${side} × ${side} pixels.`,
    tooMany: (most: number) => `At most ${most} photos are used; the others were left out.`,
    noCanvas: "The browser has no memory left for the photos. Close other tabs and try again.",
    sampleMissing: "The sample photos could not be fetched. Check the connection and choose again.",
    sampleName: (noun: string, number: number) => `Sample ${noun}, photo ${number}`,
  },

  personalize: {
    title: "Teach it something of yours",
    lead: "Show one to ten photos of one thing. A short training on this device gives you a new word for it, to use in any prompt. Photos never leave this browser.",
    photosTitle: "The photos",
    subjectTitle: (number: number) =>
      ["The first thing", "The second thing", "The third thing"][number - 1] ?? "",
    addSubject: "Teach another thing at the same time",
    removeSubject: (title: string) => `Remove: ${title}`,
    together: (things: string[]) => things.join(" next to "),
    sampleTitle: "Try a sample subject",
    sampleLabel: (noun: string) => `Sample: ${noun}`,
    /** What a sample looks like; `description` is English. */
    sampleLook: (_name: string, description: string) => description,
    ownTitle: "Or use your own",
    drop: "Drop or paste photos here, or choose files",
    photograph: "Take a photo",
    dropHint: "JPEG, PNG, WebP or HEIC · one to ten · the same thing from several sides",
    opening: (name: string) => `Opening ${name}…`,
    openingSample: "Opening the photos…",
    photoCount: (count: number) => (count === 1 ? "1 photo" : `${count} photos`),
    crop: "Crop",
    cropLabel: (name: string) => `Crop ${name}`,
    remove: "Remove",
    removeLabel: (name: string) => `Remove ${name}`,
    removed: (name: string) => `${name} removed.`,
    replaced: (count: number) =>
      count === 1 ? "Your photo was replaced." : `Your ${count} photos were replaced.`,
    wishReplaced: "Your wish was replaced.",
    back: "It is back.",
    problemsTitle: "Some files can't be used",
    wordsTitle: "The words",
    noun: "What is it?",
    nounHint: "The ordinary word for it: dog, mug, teddy bear.",
    nounPlaceholder: "dog",
    target: "What do you want to see?",
    targetHint: (nouns: string[]) =>
      nouns.length > 0
        ? `One scene or style, with ${nouns.map((noun) => `“${noun}”`).join(" and ")} in it.`
        : "One scene or style, with that word in it.",
    examplesTitle: "Examples",
    examples: [
      (thing: string) => `a photo of ${thing} wearing a crown at the beach`,
      (thing: string) => `a watercolor painting of ${thing} in the snow`,
      (thing: string) => `an oil painting of ${thing} at night`,
      (thing: string) => `pixel art of ${thing} in space`,
    ] as [(thing: string) => string, ...((thing: string) => string)[]],
    untrained: {
      draw: "See what the untrained model draws",
      drawing: (step: number, steps: number) => `Drawing: ${step} of ${steps}`,
      title: "Before any training",
      hint: "The training keeps to what the model can draw. If this misses your wish, word it otherwise first.",
      label: (prompt: string) => `“${prompt}”, drawn by the untrained model`,
      drawn: "The untrained model's picture is drawn.",
    },
    placeholder: "Its new word",
    placeholderHint: "Write this in prompts to mean your own one.",
    timeTitle: "The training",
    steps: "Training steps",
    stepsHint: "More steps learn the thing better and take longer.",
    previews: "Preview",
    previewOptions: [
      [0, "No previews"],
      [5, "Every 5 steps"],
      [10, "Every 10 steps"],
      [20, "Every 20 steps"],
      [50, "Every 50 steps"],
    ] as [number, string][],
    previewSteps: "Steps a preview",
    keepPhotos: "Keep the photos with the adapter",
    keepPhotosHint:
      "In this browser, as they are cut here: to train again, or to go into a project file. Otherwise they are gone with the tab.",
    advanced: "Advanced settings",
    reset: "Back to the defaults",
    memory: (size: string, recomputes: boolean) =>
      recomputes
        ? `Needs about ${size} of GPU memory, computing some things twice to save room.`
        : `Needs about ${size} of GPU memory.`,
    start: "Start training",
    waitingForModel: "The model is still loading.",
    noModel: "Training needs the model, which isn't loaded.",
    slowDevice:
      "This device has no GPU the browser can use, so training runs on the processor: minutes become hours. A few steps show how it works.",
    obstacles: {
      ofSubject: (subject: string, sentence: string) => `${subject}: ${sentence}`,
      noPhotos: "Choose a sample subject or add photos first.",
      noNoun: "Say what the photos show, in one ordinary word.",
      noTarget: "Write what you want to see.",
      nounNotInTarget: (noun: string) => `The wish must contain the word “${noun}”.`,
      badPlaceholder:
        "The new word must look like <my-dog>: letters, digits and dashes between angle brackets.",
      takenPlaceholder: (word: string) => `The word ${word} is taken already.`,
    },
  },

  unfinished: {
    title: (word: string, step: number, steps: number) =>
      `Continue the training of ${word} (step ${step} of ${steps})`,
    savedAt: (time: string) =>
      `It was interrupted. Its state of ${time} lies in this browser's storage, with what the photos became; it goes on as if nothing had happened.`,
    otherModel: (name: string) =>
      `It was begun with the model “${name}”, which isn't loaded, so it can't be continued now.`,
    go: "Continue",
    discard: "Discard",
    question: "Delete its state for good?",
    yes: "Yes, delete it",
    no: "Keep it",
    damaged:
      "A training was interrupted and its saved state is damaged, so it can't be continued. Delete it and start the training anew.",
    deleteDamaged: "Delete it",
    notDiscarded:
      "The browser would not delete the training's state. Close other tabs of this page and try again, or clear this site's data in the browser's settings.",
  },

  crop: {
    title: "Crop to a square",
    box: "Crop box. Arrow keys move it, plus and minus change its size.",
    size: "Size of the crop",
    suggest: "Find the thing",
    found: "The box is around what stands out.",
    unsure: "Only a guess: no one thing stands out clearly. Look whether the box is right.",
    notFound: "Nothing stands out here, so the box stays where it was.",
    done: "Done",
  },

  run: {
    title: (word: string) => `Learning ${word}`,
    doneTitle: (word: string, several: boolean) => `${word} ${several ? "are" : "is"} learned`,
    failedTitle: "The training broke off",
    step: (step: number, steps: number) => `Step ${step} of ${steps}`,
    preparing: "Preparing the training…",
    encoding: (photos: number, of: number) => `Encoding the photos: ${photos} of ${of}`,
    compiling: (kernels: number, of: number) => `Preparing the GPU's programs: ${kernels} of ${of}`,
    left: (time: string) => `about ${time} left`,
    estimating: "estimating the time…",
    secondsAStep: (seconds: string) => `${seconds} s a step`,
    pausing: "Pausing: what is under way is finished and kept first…",
    paused: "Paused",
    stopping: "Finishing the step under way…",
    pause: "Pause",
    resume: "Resume",
    stop: "Stop and keep",
    cancel: "Cancel",
    cancelQuestion: "Drop what it has learned so far?",
    cancelYes: "Yes, drop it",
    cancelNo: "No, go on",
    loss: "Loss",
    lossHint:
      "How far the model's guess is from its goal: green in all, red from the photos alone. Both fall, with noise.",
    personalizationLoss: "from the photos",
    norm: "Length of the word",
    vocabularyNorm: "mean of the vocabulary",
    normHint: "Beside the mean of the model's own words, in red. A far longer word drowns the others.",
    rate: "Learning rate",
    rateHint: "How far each step moves.",
    ratio: "Alignment ÷ personalization",
    ratioHint: "How hard the wish pulls against the photos: 0.3 to 0.6 keeps both.",
    ratioWaiting: (steps: number) => `Alignment starts after ${steps} steps.`,
    ratioOff: "λ is 0: this run trains the look alone.",
    textScore: {
      name: "Follows the wish (CLIP-T)",
      hint: "Of each preview: a single picture, so look at the course and not at each step.",
    },
    imageScore: {
      name: "Near the photos (CLIP-I)",
      hint: "Rises as the thing is learned. A wish in another style keeps it low.",
    },
    notScored: (reason: string) => `Previews are not scored. ${reason}`,
    bestSoFar: (step: number) => `Best preview so far: step ${step}.`,
    bestKept: (step: number) => `It is the state of step ${step}, whose preview scored best.`,
    localizedLoss: "Attention off the subject",
    localizedLossHint:
      "What the new word attends to outside the subject, less what it does inside. It falls.",
    chartLabel: (name: string, latest: string) => `${name} by training step; latest value ${latest}`,
    smoothed: "smoothed",
    each: "each step",
    stepAxis: "step",
    previewTitle: "What it draws now",
    previewOf: (prompt: string) => `“${prompt}”`,
    previewAt: (step: number) => `after ${step} steps`,
    previewLabel: (prompt: string, step: number) => `“${prompt}” after ${step} training steps`,
    untrained: "untrained",
    compareUntrained: "Compare with the untrained model",
    previewWaiting: (every: number) => `The first preview comes after ${every} steps.`,
    previewOff: "Previews are off for this run.",
    previewDrawing: (step: number, steps: number) => `Drawing a preview: ${step} of ${steps}`,
    done: (word: string) => `Training finished. ${word} can now be used in prompts.`,
    useIt: "Generate with it",
    export: "Export",
    log: "Save the log",
    again: "Train another",
    keep: (step: number) => `Keep the state of step ${step}`,
    download: "Download it as a file",
    continueFrom: (step: number) => `Continue from step ${step}`,
    kept: (step: number) => `Kept in this browser up to step ${step}: a closed tab loses nothing before it.`,
    notKept: {
      full: "This browser's storage is full, so the state of the training can't be kept: it is lost if this tab closes. The training goes on. Delete pictures in the Gallery to make room.",
      unavailable:
        "This browser doesn't let the page keep the training's state, as in some private windows: it is lost if this tab closes. The training goes on.",
    },
    photosNotKept:
      "The photos could not be kept with it: this browser's storage is full, or closed to the page. The training goes on.",
    nothingKept: "It broke off before the first state was saved.",
    back: "Back to the settings",
    tellMe: "Notify me when it is done",
    willTell: "You will be notified when it is done.",
    tabTitle: (percent: number) => `${percent}% · Palpable`,
  },

  generate: {
    title: "Generate",
    prompt: "Prompt",
    promptHint: "(crown:1.3) gives a word more weight, [crown] less.",
    promptPlaceholder: "a watercolor painting of a dog in the snow",
    promptMissing: "Write what the picture should show.",
    insert: "Add to the prompt",
    phrases: [
      "a pencil sketch of",
      "a watercolor painting of",
      "pixel art of",
      "at the beach",
      "in the snow",
      "at night",
    ],
    adaptersTitle: "Adapters",
    noAdapters: "No adapters yet. Train one under Personalize, or import a file under Adapters.",
    strength: "Strength",
    more: "More settings",
    negative: "What to avoid",
    negativeHint: "Things that should not be in the picture.",
    seed: "Seed",
    lock: "Keep this seed",
    random: "New seed",
    steps: "Steps",
    guidance: "Guidance",
    guidanceHint: "How closely to follow the prompt.",
    sampler: "Sampler",
    samplers: {
      ddim: "DDIM",
      pndm: "PNDM (PLMS)",
      euler: "Euler",
      "euler-a": "Euler a",
      "dpm++-2m": "DPM++ 2M",
      "dpm++-2m-karras": "DPM++ 2M Karras",
      "dpm++-2m-sde": "DPM++ 2M SDE",
      "dpm++-2m-sde-karras": "DPM++ 2M SDE Karras",
      "dpm++-sde": "DPM++ SDE (two calls a step)",
      "dpm++-sde-karras": "DPM++ SDE Karras (two calls a step)",
      unipc: "UniPC",
      lcm: "LCM (for LCM models)",
      turbo: "Turbo (for models of few steps)",
    },
    steering: {
      title: "Balance word and prompt",
      lead: "For pictures in which the learned thing drowns the rest of the prompt, or the other way round.",
      delayed: "Begin without the word, % of the steps",
      delayedHint: "The first steps draw the ordinary thing, so that the scene is laid out freely.",
      keepsLora: "The LoRA acts from the start",
      keepsLoraHint: "Only the word then waits.",
      classPrompt: "What the first steps draw",
      classPromptHint: "Empty takes the prompt with the ordinary word for the learned one.",
      strengthEnd: "Strength at the end",
      strengthEndHint: "The adapters' strength goes from theirs to this many times as much.",
      normClip: "Longest learned word",
      normClipHint: "In lengths of ordinary words; empty leaves it as it was learned.",
      heatMaps: "See what each word did",
      heatMapsHint: "Drawing takes longer. Tap a word below the picture afterwards.",
    },
    startTitle: (name: string | undefined) =>
      name ? `Start from a picture: ${name}` : "Start from a picture",
    startFrom: "Start from it",
    toGrid: "Compare settings in a grid",
    galleryPicture: "a picture of the Gallery",
    keptStart: "the picture that was drawn on before",
    regions: {
      title: "Where a word may act",
      lead: "Paint a part of the picture, and the word acts there alone: for two learned things in one picture, side by side.",
      anywhere: "anywhere",
      inside: "where it is painted",
      paint: "Paint",
      change: "Change",
      clear: "Anywhere",
      paintLabel: (word: string) => `Paint where ${word} may act`,
      clearLabel: (word: string) => `Let ${word} act anywhere`,
      painted: (word: string) => `Where ${word} may act, in white`,
      dialogTitle: (word: string) => `Where ${word} may act`,
      canvas: (word: string) => `Where ${word} may act in the picture`,
      hint: "Paint over the part of the picture. Arrow keys move the brush, Space paints, Delete rubs out.",
    },
    heatTitle: "Words of the prompt",
    heatHint: "Tap a word to see where in the picture it acted.",
    heatLabel: (word: string) => `Where “${word}” acted`,
    heatSave: (word: string) => `Save the map of “${word}”`,
    start: (count: number) => (count === 1 ? "Generate" : `Generate ${count} pictures`),
    count: "Pictures",
    countHint: "From one press, with the seeds that follow.",
    size: {
      title: "Size",
      width: "Width",
      height: "Height",
      swap: "Swap width and height",
      far: (side: number) =>
        `This model has learned from pictures of ${side} × ${side}; much larger or smaller ones come out worse.`,
      aspects: {
        square: "Square",
        landscape: "Landscape",
        portrait: "Portrait",
        wide: "Wide",
        tall: "Tall",
      },
    },
    memory: (size: string) => `Needs about ${size} of GPU memory.`,
    memoryAwaited: "How much GPU memory it needs is known after the step under way.",
    cancel: "Cancel",
    picture: (picture: number, of: number) => `Picture ${picture} of ${of}`,
    progress: (step: number, steps: number) => `Step ${step} of ${steps}`,
    comparing: (step: number, steps: number) => `Drawing it without the adapter: ${step} of ${steps}`,
    compare: "Compare without the adapter",
    compareHint: "Same noise, same settings; the ordinary word in place of yours.",
    with: "With the adapter",
    without: "Without",
    empty: "Your pictures appear here.",
    save: "Save as PNG",
    gallery: "All pictures",
    history: "Pictures of this visit",
    caption: (seed: number, steps: number, guidance: number, sampler: string) =>
      `seed ${seed} · ${steps} ${steps === 1 ? "step" : "steps"} · guidance ${guidance} · ${sampler}`,
    pictureLabel: (prompt: string) => `Picture for “${prompt}”`,
    drawn: (prompt: string) => `The picture for “${prompt}” is ready.`,
    compared: "The picture without the adapter is ready.",
    anyNoun: "thing",
  },

  beforeAfter: {
    slider: (before: string, after: string) =>
      `Line between “${before}” on the left and “${after}” on the right`,
    share: (percent: number, before: string) => `${percent}% ${before}`,
  },

  gallery: galleryText,

  adapters: {
    title: "Adapters",
    lead: "An adapter holds one learned thing: a few megabytes to keep, share, or use in other programs.",
    empty: "Nothing here yet. Train one under Personalize, or import a file.",
    notYet: "Adapters that this browser keeps are listed once the model is loaded.",
    drop: "Drop adapters here, or choose them",
    dropHint:
      "LoRA as .safetensors, with or without its word; a folder as diffusers or peft write it; a .zip",
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
      previewHint:
        "A small preview, which other programs show. It goes into .safetensors files and projects.",
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
  },

  about: {
    title: "This device",
    checking: "Looking at this device…",
    good: (name: string) => `${name} can do the work.`,
    slow: (name: string) => `${name} computes on the processor: everything works, but slowly.`,
    bad: "This browser can't do the work yet.",
    softwareHint:
      "No graphics card was offered to the browser. Switch on hardware acceleration in its settings, update the graphics driver, or use another browser.",
    float16: "16-bit floats",
    float16Yes: "yes: weights take half the memory",
    float16No: "no: weights are kept as 32-bit floats",
    matrixUnits: "Matrix units",
    matrixUnitsYes: "yes: they multiply 16-bit floats",
    adapter: "GPU",
    limits: "Limits",
    limitNames: {
      maxBufferSize: "Largest buffer",
      maxStorageBufferBindingSize: "Largest binding",
      maxComputeWorkgroupStorageSize: "Workgroup memory",
      maxComputeInvocationsPerWorkgroup: "Threads a workgroup",
    },
    notes: "Notes",
    note: "Note",
    copy: "Copy these facts",
    modelTitle: "The model",
    modelName: (name: string) => `Model “${name}”`,
    modelFacts: (parameters: string, side: number) =>
      `${parameters} parameters, draws ${side} × ${side} pixels`,
    modelText:
      "The demo model was made for this project. It knows emoji-like objects, animals and food in many styles and scenes. It is not a photo model: its pictures are small and its shapes soft.",
    modelOther: "Use another model",
    /** By the names of the demo model's papers. */
    modelLinks: [
      ["MODEL_CARD.md", "Model card"],
      ["DATA.md", "Training data and licences"],
    ] as [string, string][],
    privacyTitle: "Privacy",
    privacy:
      "Photos, prompts and pictures stay in this browser. Photos outlive the tab only where you ask for them to be kept with the adapter. While a training is unfinished its state lies in the browser's storage, so that a closed tab loses nothing; it holds the photos as latents, small images that the model can turn back into something like the photos. It is deleted when the training is finished, cancelled or discarded. Pictures, with what they were drawn on, and adapters are kept there until you delete them. The page talks to no other server than the one it came from, and to that one only to fetch its own files; unless you name a model or an adapter on another server, which is then asked for its files. A content security policy holds the page to it.",
    browser: "Browser",
    window: "Window",
    cores: "Processor cores",
    storage: "Storage, used / allowed",
    languageTitle: "Language",
    language: "Language of the page",
    languageHint: "The page reloads with it.",
    languageLoses: "What isn't kept, such as your own photos, is lost when the page reloads. Change it?",
    languageYes: "Yes, change it",
    languageNo: "Keep it",
  },

  licences: {
    title: "Licences",
    lead: "Palpable is free software under the Apache License 2.0, made with the work of many others.",
    open: "What it is made with, and under which licences",
    count: (packages: number) => `${packages} packages, in the order of their names.`,
    noText: "Its licence text is at its source.",
    apart: (file: string) =>
      `Comes unchanged as a file of its own, ${file}, fetched only when it is needed. It may be replaced by another build of the same library.`,
  },

  wipe: {
    title: "Kept in this browser",
    kept: (size: string | undefined) =>
      `Pictures, adapters, unfinished trainings, models, your choices and the page itself${size ? `: ${size} in all` : ""}.`,
    all: "Delete everything kept here",
    question: "Delete all pictures, adapters, trainings and models for good? Export first what you need.",
    yes: "Yes, delete everything",
    no: "Keep it",
    working: "A tab of Palpable is in the middle of work. Let it finish, or stop it there, then try again.",
    failed:
      "The browser would not delete everything. Close other tabs of this page and try again, or clear this site's data in the browser's settings.",
    done: "Everything is deleted",
    doneHint: "Nothing of this page is left in this browser. Close the tab, or start afresh.",
    afresh: "Start afresh",
  },
};

export type Text = typeof english;

export const text = await inLanguage(english, {
  de: async () => (await import("./german/text")).german,
});

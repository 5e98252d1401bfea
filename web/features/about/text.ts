/** The words of the Device screen, the licences, and deleting everything; part of the page's `text`. */
export const aboutTexts = {
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

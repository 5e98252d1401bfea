/** The words of the training's choices: methods, and every setting with a line on what it does. */
import { inLanguage } from "../../app/language";
import type { Method } from "../../engine/contract/training";

export const english = {
  method: "Method",
  methods: {
    palp: [
      "PALP",
      "Learns the look and keeps the model true to your scene. Best when you know what you want to see.",
    ],
    "ti-db": [
      "Word and LoRA",
      "The same without alignment: quicker steps, freer use, scenes are followed less well.",
    ],
    "textual-inversion": [
      "Textual Inversion",
      "Learns nothing but the new word: a tiny file that changes nothing else, with a rougher likeness.",
    ],
    dreambooth: [
      "DreamBooth",
      "Trains the whole picture network with pictures of the ordinary thing beside it: the closest likeness, the largest file and the most memory.",
    ],
    "dreambooth-lora": [
      "DreamBooth LoRA",
      "DreamBooth's way through a small adapter: light, and close in likeness.",
    ],
    "custom-diffusion": [
      "Custom Diffusion",
      "Trains only where the network reads the prompt: good for several things in one picture.",
    ],
  } satisfies Record<Method, [name: string, goodFor: string]>,
  off: "off",
  first: (name: string) => `${name}: from`,
  last: (name: string) => `${name}: to`,

  groups: {
    adapter: "What is trained",
    alignment: "Alignment with the wish",
    photos: "How photos are used",
    prior: "Keeping the ordinary thing",
    optimizer: "How it learns",
    word: "The new word",
    keeping: "Memory and safety",
  },

  fields: {
    trainedWeights: ["Trained weights", "LoRA factors are small; the others change weights in full."],
    loraTargets: ["Where the LoRA acts", "In all attention, or only where the prompt is read."],
    rank: ["LoRA rank", "Size of the adapter. 16 suits the demo model."],
    loraAlpha: ["LoRA alpha", "The adapter acts with strength alpha ÷ rank."],
    alignmentForm: ["Form of alignment", "Two branches as in the paper, or score distillation."],
    alignmentNoise: ["Noise of alignment", "The noise of the step itself, or a fresh one."],
    alignmentSamples: ["Noises a step", "Alignment is averaged over so many: steadier and slower."],
    lambda: ["λ, weight of alignment", "0 trains the look alone."],
    lambdaProfile: ["λ over the timesteps", "Factors of λ at the lowest and at the highest timestep."],
    lambdaRampSteps: ["Steps over which λ grows", "0 has it whole from the start."],
    alignmentTimesteps: ["Timesteps of alignment", "Where alignment acts, of 0 to 999."],
    alpha: ["α, guidance of the clean branch", "How strongly the untrained model pulls to the wish."],
    beta: ["β, guidance of the personal branch", "How strongly the personal branch is weighed against it."],
    warmupSteps: ["Steps before alignment starts", "The look is learned first, with λ = 0."],
    rescale: ["Rescale the pull", "Scales alignment to the length of what learns the look."],
    fastAlignment: [
      "Fast alignment",
      "Leaves predictions out that change little: quicker, slightly different.",
    ],
    localizedLoss: [
      "Localized attention",
      "Weight of keeping the new word's attention on the marked subject.",
    ],
    batch: ["Batch", "Photos a step."],
    accumulation: ["Accumulation", "Passes gathered before each update."],
    photoVariants: ["Framings of a photo", "1 is the photo alone; more add small zooms and shifts."],
    resolution: [
      "Side in training, in pixels",
      "Empty is the model's own. Smaller trains faster and learns less.",
    ],
    personalizationPrompt: [
      "Sentence about the photos",
      "{placeholder} is the new word, {class} the ordinary one. The paper has “a photo of {placeholder}”.",
    ],
    promptTemplates: ["Sentences in use", "The one above, or Textual Inversion's lists."],
    flip: ["Mirror at random", "Not for things with writing or a left and right."],
    colourJitter: ["Stray colours", "How far brightness, contrast and saturation of further framings stray."],
    sizeWords: ["Say the size", "Makes the thing much smaller or larger, and says so in the sentence."],
    aspectBuckets: ["Keep the photos' shape", "Trains at about each photo's own aspect."],
    maskedLoss: [
      "Weight of the marks",
      "How much less the background counts where you marked the thing: 1 is not at all.",
    ],
    minSnrGamma: ["γ of min-SNR", "Evens out the timesteps; 5 is usual, empty is off."],
    priorPictures: [
      "Pictures of the ordinary thing",
      "Drawn first and trained on beside the photos; 0 draws none.",
    ],
    priorWeight: ["Their weight", "How much they count beside the photos."],
    optimizer: ["Optimizer", "In 8 bits it takes less memory."],
    learningRateSchedule: ["Course of the learning rate", "Constant, or falling along a cosine."],
    learningRateWarmupSteps: ["Steps over which rates grow", "0 has them whole from the start."],
    loraLearningRate: ["Learning rate of the adapter", "Of the LoRA, or of the weights trained in full."],
    embeddingLearningRate: ["Learning rate of the word", "Higher learns quicker and forgets more."],
    weightDecay: ["Weight decay", "Draws the adapter towards nothing."],
    gradientClip: ["Longest gradient", "Steps beyond are shortened."],
    vectors: ["Word vectors", "How many positions the new word takes in a prompt."],
    trainEmbedding: ["Train the new word", "Off leaves the word as it starts."],
    initializerWord: ["It starts as", "A common word; empty takes the ordinary word for the thing."],
    embeddingNormCap: [
      "Longest word vector",
      "As a multiple of its start, so that it drowns no other word; empty is off.",
    ],
    embeddingNormDecay: ["Decay of its length", "Draws the word's length to the vocabulary's; empty is off."],
    embeddingStdRetraction: ["Keep its spread", "Draws the word's spread to the vocabulary's."],
    embeddingAnchor: ["Anchor of the word", "How strongly it is held near where it starts."],
    activations: ["Activations", "Kept where there is room, or computed again to save memory."],
    seed: ["Seed", "The same seed gives the same training."],
  } as Record<string, [name: string, hint: string]>,

  options: {
    trainedWeights: {
      lora: "LoRA factors",
      crossAttention: "Keys and values of cross-attention",
      all: "The whole U-Net",
      none: "Nothing but the word",
    },
    loraTargets: { attention: "All attention", crossAttention: "Cross-attention" },
    alignmentForm: { twoBranch: "Two branches (PALP)", sds: "Score distillation" },
    alignmentNoise: { same: "The step's own", fresh: "A fresh one" },
    promptTemplates: { prompt: "The one above", objects: "27 about an object", styles: "19 about a style" },
    optimizer: { adamw: "AdamW", adamw8bit: "AdamW in 8 bits" },
    learningRateSchedule: { constant: "Constant", cosine: "Cosine" },
    activations: { auto: "As memory allows", keep: "Keep", recompute: "Compute again" },
  } as Record<string, Record<string, string>>,

  keepEvery: "Steps between saved states",
  keepEveryHint: "What a closed tab may cost at most. They lie in this browser until the training ends.",

  time: {
    title: "How long it may take",
    presets: {
      quick: ["Quick", "To see whether it works."],
      balanced: ["Balanced", "A good likeness."],
      thorough: ["Thorough", "The closest likeness."],
    },
    about: (time: string) => `about ${time}`,
    size: (side: number, steps: number) => `${side} × ${side} pixels, ${steps} steps.`,
    measuring: "Measuring how fast this device trains…",
    cancel: "Cancel measuring",
    measure: "Measure how long it takes",
    measureHint: "Takes a few steps of training.",
  },

  watchQuality: "Watch the quality",
  watchQualityHint:
    "Scores each preview: how well it follows the wish, how near it is to the photos. Fetches a judge of 6 MB once.",
  keepBest: "Keep the best state",
  keepBestHint: "The result is the state whose preview scored best, instead of the last one.",
  heldBack: "Photos held back",
  heldBackHint:
    "Not trained on: they judge the previews, so that learning the photos by heart doesn't count.",
  patience: "Stop without a better preview",
  patienceHint: "Ends the training after so many previews in a row that were not better. Empty: never.",

  addTarget: "Add another wish",
  furtherTarget: (number: number) => `Wish ${number}`,
  removeTarget: (number: number) => `Remove wish ${number}`,
  furtherTargetHint: "The wishes take turns during the training.",

  caption: "What this photo shows",
  captionHint: (noun: string) => `May stay empty. For example: ${noun} on green grass.`,
  mark: "Mark the thing",
  markHint:
    "Paint over the thing, so that the background counts less. Arrow keys move the brush, Space paints, Delete rubs out.",
  markCanvas: "Where the thing is in the photo",
  brush: "Size of the brush",
  erase: "Rub out",
  invertMarks: "Invert",
  markAll: "Mark all",
  clearMarks: "Remove the marks",
};

export type SettingsText = typeof english;

export const settingsText = await inLanguage(english, {
  de: async () => (await import("../../app/german/settings-text")).germanSettings,
});

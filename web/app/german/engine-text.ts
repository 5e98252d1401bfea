/** What the engine says, in German: its own templates, which `engine-words.ts` explains, by the part that says them. */
import type { EngineWords } from "../engine-words";
import { adapterWords } from "./engine-adapter-text";
import { drawingWords } from "./engine-drawing-text";
import { modelWords } from "./engine-model-text";
import { trainingWords } from "./engine-training-text";
import { transferWords } from "./engine-transfer-text";

const all = [modelWords, adapterWords, drawingWords, trainingWords, transferWords];

export const germanEngine: EngineWords = {
  sentences: Object.assign({}, ...all.map(({ sentences }) => sentences)),
  parts: Object.assign({}, ...all.map(({ parts }) => parts)),
};

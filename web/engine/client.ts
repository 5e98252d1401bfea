/** The page's end of the engine worker: one at a time, replaced as a whole when the engine is beyond use. */
import * as Comlink from "comlink";
import type { EngineApi, LoadProgress, TrainingObserver } from "./api";
import type { DeviceReport, GenerationSettings, Photo, TrainingSettings } from "./contract";
import { faultError } from "./fault";

export type { LoadProgress, PreviewPlan, TrainingObserver } from "./api";

export class EngineClient {
  #worker: Worker;
  #remote: Comlink.Remote<EngineApi>;
  #died: Promise<never>;

  constructor() {
    this.#worker = new Worker(new URL("./worker/main.ts", import.meta.url), {
      type: "module",
      name: "engine",
    });
    this.#remote = Comlink.wrap<EngineApi>(this.#worker);
    this.#died = new Promise((_, reject) => {
      this.#worker.addEventListener("error", () =>
        reject(faultError("EngineStopped", "The engine's worker stopped.")),
      );
    });
    // Nobody may be waiting when it dies; the next call then tells.
    this.#died.catch(() => undefined);
  }

  /** Ends the worker and gives its GPU memory back. The client is of no use afterwards. */
  dispose(): void {
    this.#remote[Comlink.releaseProxy]();
    this.#worker.terminate();
  }

  open(): Promise<DeviceReport> {
    return this.#call(this.#remote.open());
  }

  loadModel(folder: string, progress: (progress: LoadProgress) => void) {
    return this.#call(this.#remote.loadModel(folder, Comlink.proxy(progress)));
  }

  defaultTrainingSettings(classNoun: string) {
    return this.#call(this.#remote.defaultTrainingSettings(classNoun));
  }

  generate(settings: GenerationSettings, progress: (step: number, steps: number) => void) {
    return this.#call(this.#remote.generate(settings, Comlink.proxy(progress)));
  }

  train(
    settings: TrainingSettings,
    photos: Photo[],
    previews: import("./api").PreviewPlan | null,
    observer: TrainingObserver,
  ) {
    return this.#call(this.#remote.train(settings, photos, previews, Comlink.proxy(observer)));
  }

  command: EngineApi["command"] = (job, command) => void this.#remote.command(job, command);

  addAdapter(bytes: Uint8Array, fileName: string) {
    return this.#call(this.#remote.addAdapter(bytes, fileName));
  }

  removeAdapter(id: number) {
    return this.#call(this.#remote.removeAdapter(id));
  }

  exportAdapter(id: number) {
    return this.#call(this.#remote.exportAdapter(id));
  }

  exportEmbedding(id: number) {
    return this.#call(this.#remote.exportEmbedding(id));
  }

  #call<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#died]);
  }
}

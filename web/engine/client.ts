/** The page's end of the engine worker: one at a time, replaced as a whole when the engine is beyond use. */
import * as Comlink from "comlink";
import type { BenchObserver, EngineApi, LoadProgress, TrainingObserver } from "./api";
import type {
  BenchPlan,
  DeviceReport,
  ExportFormat,
  GenerationSettings,
  Method,
  Photo,
  TrainingSettings,
} from "./contract";
import { faultError } from "./fault";
import type { RunFacts } from "./run-file";

export class EngineClient {
  #worker: Worker;
  #remote: Comlink.Remote<EngineApi>;
  /** Rejects when the worker ends, and with it every call that waits. */
  #ended: Promise<never>;
  #end: (reason: Error) => void = () => undefined;

  constructor() {
    this.#worker = new Worker(new URL("./worker/main.ts", import.meta.url), {
      type: "module",
      name: "engine",
    });
    this.#remote = Comlink.wrap<EngineApi>(this.#worker);
    this.#ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    // Nobody may be waiting when it ends; the next call then tells.
    this.#ended.catch(() => undefined);
    // A panic in the engine ends a task of the worker with an uncaught error; the call it served never answers.
    this.#worker.addEventListener("error", (event) => this.#end(faultError("EngineStopped", event.message)));
  }

  /** Ends the worker and gives its GPU memory back. The client is of no use afterwards. */
  dispose(): void {
    this.#end(faultError("EngineStopped", "The engine was started afresh."));
    this.#remote[Comlink.releaseProxy]();
    this.#worker.terminate();
  }

  open(): Promise<DeviceReport> {
    return this.#call(this.#remote.open());
  }

  loadModel(folder: string, progress: (progress: LoadProgress) => void) {
    return this.#call(this.#remote.loadModel(folder, Comlink.proxy(progress)));
  }

  defaultTrainingSettings(classNoun: string, method: Method) {
    return this.#call(this.#remote.defaultTrainingSettings(classNoun, method));
  }

  planTraining(settings: TrainingSettings, photos: number, limit: number) {
    return this.#call(this.#remote.planTraining(settings, photos, limit));
  }

  generate(settings: GenerationSettings, progress: (step: number, steps: number) => void) {
    return this.#call(this.#remote.generate(settings, Comlink.proxy(progress)));
  }

  train(run: RunFacts, photos: Photo[], observer: TrainingObserver) {
    return this.#call(this.#remote.train(run, photos, Comlink.proxy(observer)));
  }

  continueTraining(id: string, observer: TrainingObserver) {
    return this.#call(this.#remote.continueTraining(id, Comlink.proxy(observer)));
  }

  bench(plan: BenchPlan, observer: BenchObserver) {
    return this.#call(this.#remote.bench(plan, Comlink.proxy(observer)));
  }

  command: EngineApi["command"] = (job, command) => void this.#remote.command(job, command);

  addAdapter(bytes: Uint8Array, fileName: string) {
    return this.#call(this.#remote.addAdapter(bytes, fileName));
  }

  removeAdapter(id: number) {
    return this.#call(this.#remote.removeAdapter(id));
  }

  exportAdapter(id: number, format?: ExportFormat) {
    return this.#call(this.#remote.exportAdapter(id, format));
  }

  exportEmbedding(id: number) {
    return this.#call(this.#remote.exportEmbedding(id));
  }

  #call<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#ended]);
  }
}

/** The page's side of the engine worker: one at a time, replaced whole when its engine is broken. */
import { signal } from "@preact/signals";
import * as Comlink from "comlink";
import type {
  BenchObserver,
  EngineApi,
  EvaluationCell,
  EvaluationObserver,
  LoadProgress,
  OfferedChoice,
  PreviewPlan,
  ProjectContents,
  TrainingObserver,
  TrainingPhotos,
} from "./api";
import type { ExportFormat } from "./contract/adapters";
import type { BenchPlan } from "./contract/bench";
import type { DeviceReport } from "./contract/device";
import type { GenerationSettings, SourcePicture } from "./contract/generation";
import type { Method, Photo, PreviewTimes, TrainingSettings } from "./contract/training";
import { faultError } from "./fault";
import type { ModelChoice } from "./model-choice";
import type { RunFacts } from "./run-file";
import { trustedScriptUrl } from "./trusted-urls";
import workerAddress from "./worker/main.ts?worker&url";

/** Number of calls that wait for the engine's answer. A training counts as one as long as it runs. */
export const pendingCalls = signal(0);

export class EngineClient {
  #name: string;
  #worker: Worker;
  #remote: Comlink.Remote<EngineApi>;
  /** Rejects when the worker ends, and with it every call that waits. */
  #ended: Promise<never>;
  #end: (reason: Error) => void = () => undefined;

  constructor() {
    // The worker holds a lock of the same name as long as it lives.
    this.#name = `palpable-worker ${crypto.randomUUID()}`;
    this.#worker = new Worker(trustedScriptUrl(workerAddress), { type: "module", name: this.#name });
    this.#remote = Comlink.wrap<EngineApi>(this.#worker);
    this.#ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    // Perhaps no call is waiting when the worker ends; then the next call fails with the reason.
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

  async open(): Promise<DeviceReport> {
    const report = await this.#call(this.#remote.open());
    this.#watch();
    return report;
  }

  /** Notices when the browser ends the worker (out of memory, say): no event tells, but its lock is free. */
  #watch(): void {
    navigator.locks
      ?.request(this.#name, () => this.#end(faultError("EngineStopped", "The engine's worker has ended.")))
      .catch(() => undefined);
  }

  describeModel(choice: OfferedChoice) {
    return this.#call(this.#remote.describeModel(choice));
  }

  loadModel(choice: ModelChoice, progress: (progress: LoadProgress) => void) {
    return this.#call(this.#remote.loadModel(choice, Comlink.proxy(progress)));
  }

  defaultTrainingSettings(classNoun: string, method: Method) {
    return this.#call(this.#remote.defaultTrainingSettings(classNoun, method));
  }

  setMemoryLimit(bytes: number) {
    return this.#call(this.#remote.setMemoryLimit(bytes));
  }

  setWideActivations(wide: boolean) {
    return this.#call(this.#remote.setWideActivations(wide));
  }

  planTraining(settings: TrainingSettings, photos: number, previews: PreviewPlan | null) {
    return this.#call(this.#remote.planTraining(settings, photos, previews));
  }

  timePlans(settings: TrainingSettings, photos: number, previews?: PreviewTimes) {
    return this.#call(this.#remote.timePlans(settings, photos, previews));
  }

  cancelTimePlans: EngineApi["cancelTimePlans"] = () => void this.#remote.cancelTimePlans();

  planGeneration(settings: GenerationSettings) {
    return this.#call(this.#remote.planGeneration(settings));
  }

  generate(
    settings: GenerationSettings,
    progress: (step: number, steps: number) => void,
    source?: SourcePicture,
  ) {
    return this.#call(this.#remote.generate(settings, Comlink.proxy(progress), source));
  }

  train(run: RunFacts, photos: TrainingPhotos, observer: TrainingObserver) {
    return this.#call(this.#remote.train(run, photos, Comlink.proxy(observer)));
  }

  continueTraining(id: string, observer: TrainingObserver) {
    return this.#call(this.#remote.continueTraining(id, Comlink.proxy(observer)));
  }

  bench(plan: BenchPlan, observer: BenchObserver) {
    return this.#call(this.#remote.bench(plan, Comlink.proxy(observer)));
  }

  evaluate(cells: EvaluationCell[], photos: Photo[], observer: EvaluationObserver) {
    return this.#call(this.#remote.evaluate(cells, photos, Comlink.proxy(observer)));
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

  exportProject(id: number, contents: ProjectContents) {
    return this.#call(this.#remote.exportProject(id, contents));
  }

  openProject(bytes: Uint8Array, fileName: string) {
    return this.#call(this.#remote.openProject(bytes, fileName));
  }

  async #call<T>(answer: Promise<T>): Promise<T> {
    // `peek` doesn't subscribe: an effect that makes a call would otherwise run again at each call and
    // answer.
    pendingCalls.value = pendingCalls.peek() + 1;
    try {
      return await Promise.race([answer, this.#ended]);
    } finally {
      pendingCalls.value = pendingCalls.peek() - 1;
    }
  }
}

/** Fetches the judge of the loaded model's pictures and opens it in the engine when it is first needed. */
import type { LoadProgress, TrainingObserver } from "../api";
import type { Engine } from "../contract/engine";
import type { ModelSource } from "../contract/models";
import type { Photo } from "../contract/training";
import { faultError, needsFreshEngine, toFault } from "../fault";
import type { RunFacts } from "../run-file";
import { embeddedModel, embeddedText } from "./sources/embedded";
import type { Turns } from "./turns";

/** Folder of the judge within its model's folder, with its own list of files. */
const FOLDER = "clip/";

export class JudgeOpener {
  readonly #turns: Turns;
  #modelFolder: string | undefined;
  #opening: Promise<void> | undefined;
  #config: Promise<string | null> | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * To be called after a model was loaded: the engine has then forgotten the previous model's judge. `folder`
   * is `undefined` for models that don't come with the page, which have no judge.
   */
  modelLoaded(folder: string | undefined): void {
    this.#modelFolder = folder;
    this.#opening = undefined;
    this.#config = undefined;
  }

  /** `config.json` of the judge's CLIP; `null` where there is no judge, or it can't be reached. */
  config(): Promise<string | null> {
    const folder = this.#modelFolder;
    if (folder === undefined) return Promise.resolve(null);
    this.#config ??= embeddedText(folder + FOLDER, "config.json").catch(() => {
      // The next time may have a connection.
      this.#config = undefined;
      return null;
    });
    return this.#config;
  }

  /** @throws a fault of kind `Network` where the model's folder holds no judge or can't be reached. */
  async open(engine: Engine, progress: (progress: LoadProgress) => void): Promise<void> {
    this.#opening ??= this.#bring(engine, progress);
    try {
      await this.#opening;
    } catch (error) {
      // The next time may have a connection.
      this.#opening = undefined;
      throw error;
    }
  }

  /**
   * Prepares the scoring of the run's previews, if they are scored: opens the judge and embeds the photos. If
   * the judge can't be opened, the run goes on with its previews unscored, and gives its last state: the best of
   * those that an earlier visit scored lacks all that is learned from now on.
   */
  async prepare(
    engine: Engine,
    run: RunFacts,
    photos: Photo[],
    observer: TrainingObserver,
  ): Promise<RunFacts> {
    if (!run.previews?.cleanPrompt) return run;
    try {
      await this.open(engine, () => undefined);
      const photoVectors = run.photoVectors ?? (await this.#turns.take(() => engine.embedPhotos(photos)));
      return { ...run, photoVectors };
    } catch (error) {
      const fault = toFault(error);
      if (needsFreshEngine(fault)) throw error;
      observer.notScored(fault.message);
      return { ...run, previews: { ...run.previews, cleanPrompt: null, keepsBest: false } };
    }
  }

  async #bring(engine: Engine, progress: (progress: LoadProgress) => void): Promise<void> {
    if (this.#modelFolder === undefined) {
      throw faultError(
        "BadSettings",
        "No judge comes with the model in use, so its pictures can't be scored here.",
      );
    }
    const files = await embeddedModel(this.#modelFolder + FOLDER, progress).catch(() => {
      throw faultError(
        "Network",
        "The judge that scores pictures could not be fetched: there is no connection, or it doesn't come with this model.",
      );
    });
    await this.#turns.take(() => engine.openJudge(underItsName(files)));
  }
}

/** Strips `clip/` from paths: the engine asks by paths from the model's folder, like `clip/config.json`. */
function underItsName({ name, read, length }: ModelSource): ModelSource {
  const inside = (path: string) => (path.startsWith(FOLDER) ? path.slice(FOLDER.length) : path);
  return {
    name,
    read: (path, start, end) => read(inside(path), start, end),
    length: (path) => length(inside(path)),
  };
}

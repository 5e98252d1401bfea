/** How much GPU memory a picture of these settings takes, or why it is refused. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { sentenceFor } from "../../app/fault-notice";
import { gigabytes } from "../../app/format";
import { addressOf } from "../../app/navigation";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import { toFault } from "../../engine/fault";
import { library } from "../adapters/library";
import { memoryLimit } from "../models/memory-limit";
import { model } from "../models/model";
import { plainWish, requestOf } from "./wish";

/** Milliseconds without a change before the engine is asked. */
const QUIET = 200;

type Plan = { bytes: number } | { refused: string };

/** Of the latest settings that were asked for; stays while something is drawn. */
const latest = signal<Plan | undefined>(undefined);

export function MemoryLine() {
  const name = model.value.state === "ready" ? model.value.report.name : undefined;
  const { settings } = requestOf(plainWish());
  // What the plan depends on; the words themselves take none.
  const key = JSON.stringify([
    name,
    [settings.width, settings.height, settings.guidanceScale === 1, settings.strengthEnd],
    library.value.filter(({ active }) => active).map(({ report }) => report.id),
    memoryLimit.value,
    (settings.regions?.length ?? 0) + (settings.heatMaps?.length ?? 0) > 0,
  ]);
  useEffect(() => {
    if (name === undefined) return;
    let outdated = false;
    const timer = setTimeout(async () => {
      const found = await planOf(settings);
      if (!outdated) latest.value = found;
    }, QUIET);
    return () => {
      outdated = true;
      clearTimeout(timer);
    };
  }, [key]);
  const plan = latest.value;
  if (name === undefined || !plan) return null;
  if ("refused" in plan) {
    return (
      <p class="field-error">
        {plan.refused} <a href={addressOf("models")}>{text.memoryLimit.change}</a>
      </p>
    );
  }
  return <p class="hint">{text.generate.memory(gigabytes(plan.bytes))}</p>;
}

const planOf = (settings: Parameters<ReturnType<typeof engine>["planGeneration"]>[0]): Promise<Plan> =>
  engine()
    .planGeneration(settings)
    .then(
      (bytes) => ({ bytes }),
      (error: unknown) => ({ refused: sentenceFor(toFault(error)) }),
    );

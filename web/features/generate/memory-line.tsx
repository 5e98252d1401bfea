/** How much GPU memory a picture of these settings takes, or why it is refused. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { FaultSentence } from "../../app/fault-notice";
import { gigabytes } from "../../app/format";
import { engine } from "../../app/studio";
import { text } from "../../app/text";
import { type Fault, toFault } from "../../engine/fault";
import { library } from "../adapters/library";
import { memoryLimit } from "../models/memory-limit";
import { model } from "../models/model";
import { plainWish, requestOf } from "./wish";

/** Milliseconds without a change before the engine is asked. */
const QUIET = 200;
/** Milliseconds that an earlier number may stay. */
const PATIENCE = 400;

type Plan = { bytes: number } | { refused: Fault };

/** A plan with a key of the settings it was made for, so that a refusal is shown for no others. */
type MadePlan = Plan & { key: string };

/** Plan for the latest settings that the engine was asked about; stays while something is drawn. */
const latest = signal<MadePlan | "awaited" | undefined>(undefined);

export function MemoryLine() {
  const name = model.value.state === "ready" ? model.value.report.name : undefined;
  const { settings } = requestOf(plainWish());
  // Everything that the plan depends on; the prompt's words take no memory.
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
    let late: ReturnType<typeof setTimeout> | undefined;
    const timer = setTimeout(async () => {
      late = setTimeout(() => {
        latest.value = "awaited";
      }, PATIENCE);
      const found = await planOf(settings);
      if (outdated) return;
      clearTimeout(late);
      latest.value = { ...found, key };
    }, QUIET);
    return () => {
      outdated = true;
      clearTimeout(timer);
      clearTimeout(late);
    };
  }, [key]);
  const plan = latest.value;
  if (name === undefined || !plan) return null;
  if (plan === "awaited") return <p class="hint">{text.generate.memoryAwaited}</p>;
  if ("refused" in plan) {
    if (plan.key !== key) return null;
    return (
      <p class="field-error">
        <FaultSentence fault={plan.refused} />
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
      (error: unknown) => ({ refused: toFault(error) }),
    );

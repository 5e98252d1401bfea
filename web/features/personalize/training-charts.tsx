/** The two curves of a run: loss, and how hard alignment pulls against personalization. */
import { decimals } from "../../app/format";
import { text } from "../../app/text";
import type { TrainingSettings } from "../../engine/contract";
import { LiveChart } from "../../ui/live-chart";
import * as run from "./run";
import { smoothed } from "./smoothed";

const words = text.run;

export function TrainingCharts({ settings }: { settings: TrainingSettings }) {
  const records = run.records.value;
  const steps = records.map(({ step }) => step);
  const losses = records.map(({ loss }) => loss);
  // Before alignment starts there is no ratio to show.
  const ratios = records.map(({ step, alignmentRatio }) =>
    step > settings.warmupSteps ? alignmentRatio : null,
  );
  const latestLoss = losses.at(-1);
  const latestRatio = ratios.at(-1) ?? undefined;
  const shared = { stepName: words.stepAxis, steps, lastStep: settings.steps };
  return (
    <div class="charts">
      <section class="card">
        <ChartHead name={words.loss} latest={latestLoss} hint={words.lossHint} />
        <LiveChart
          {...shared}
          label={words.chartLabel(words.loss, latest(latestLoss))}
          lines={[
            { name: words.each, color: "--chart-faint", width: 1, values: losses },
            { name: words.smoothed, color: "--chart-line", width: 2, values: smoothed(losses) },
          ]}
        />
      </section>
      <section class="card">
        <ChartHead name={words.ratio} latest={latestRatio} hint={ratioHint(settings, latestRatio)} />
        <LiveChart
          {...shared}
          label={words.chartLabel(words.ratio, latest(latestRatio))}
          lines={[{ name: words.each, color: "--chart-second", width: 2, values: ratios }]}
        />
      </section>
    </div>
  );
}

function ChartHead({
  name,
  latest: value,
  hint,
}: {
  name: string;
  latest: number | undefined;
  hint: string;
}) {
  return (
    <>
      <h2 class="chart-head">
        {name} <output>{latest(value)}</output>
      </h2>
      <p class="hint">{hint}</p>
    </>
  );
}

const latest = (value: number | undefined) => (value === undefined ? "–" : decimals(value, 3));

function ratioHint(settings: TrainingSettings, ratio: number | undefined): string {
  if (settings.lambda === 0) return words.ratioOff;
  return ratio === undefined ? words.ratioWaiting(settings.warmupSteps) : words.ratioHint;
}

/** The curves of a run: losses, how hard alignment pulls, the new word's length, and the learning rate. */
import { text } from "../../app/text";
import type { TrainingSettings } from "../../engine/contract/training";
import { LiveChart } from "../../ui/live-chart";
import { ChartHead, latest } from "./chart-head";
import { QualityCharts } from "./quality-charts";
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
  const norms = records.map(({ embeddingNorm }) => embeddingNorm);
  const vocabulary = records.map(({ vocabularyNorm }) => vocabularyNorm ?? null);
  const rates = records.map(({ learningRate }) => learningRate ?? null);
  const attention = records.map(({ localizedLoss }) => localizedLoss ?? null);
  const latestLoss = losses.at(-1);
  const latestRatio = ratios.at(-1) ?? undefined;
  const shared = { stepName: words.stepAxis, steps, lastStep: settings.steps };
  return (
    <div class="charts">
      <QualityCharts lastStep={settings.steps} />
      <section class="card">
        <ChartHead name={words.loss} latest={latestLoss} hint={words.lossHint} />
        <LiveChart
          {...shared}
          label={words.chartLabel(words.loss, latest(latestLoss))}
          lines={[
            { name: words.each, color: "--chart-faint", width: 1, values: losses },
            { name: words.smoothed, color: "--chart-line", width: 2, values: smoothed(losses) },
            {
              name: words.personalizationLoss,
              color: "--chart-second",
              width: 2,
              values: smoothed(records.map(({ personalizationLoss }) => personalizationLoss)),
            },
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
      <section class="card">
        <ChartHead name={words.norm} latest={norms.at(-1)} hint={words.normHint} />
        <LiveChart
          {...shared}
          label={words.chartLabel(words.norm, latest(norms.at(-1)))}
          lines={[
            { name: words.norm, color: "--chart-line", width: 2, values: norms },
            { name: words.vocabularyNorm, color: "--chart-second", width: 2, values: vocabulary },
          ]}
        />
      </section>
      {(settings.localizedLoss ?? 0) > 0 && (
        <section class="card">
          <ChartHead
            name={words.localizedLoss}
            latest={attention.at(-1) ?? undefined}
            hint={words.localizedLossHint}
          />
          <LiveChart
            {...shared}
            label={words.chartLabel(words.localizedLoss, latest(attention.at(-1) ?? undefined))}
            heights="of-values"
            lines={[{ name: words.localizedLoss, color: "--chart-line", width: 2, values: attention }]}
          />
        </section>
      )}
      {rates.some((rate) => rate !== null && rate !== rates[0]) && (
        <section class="card">
          <ChartHead name={words.rate} latest={rates.at(-1) ?? undefined} hint={words.rateHint} digits={5} />
          <LiveChart
            {...shared}
            label={words.chartLabel(words.rate, latest(rates.at(-1) ?? undefined, 5))}
            lines={[{ name: words.rate, color: "--chart-line", width: 2, values: rates }]}
          />
        </section>
      )}
    </div>
  );
}

function ratioHint(settings: TrainingSettings, ratio: number | undefined): string {
  if (settings.lambda === 0) return words.ratioOff;
  return ratio === undefined ? words.ratioWaiting(settings.warmupSteps) : words.ratioHint;
}

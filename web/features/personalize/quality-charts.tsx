/** Charts of a run's preview scores: how well they follow the wish, how near they are to the photos. */
import { inPageLanguage } from "../../app/engine-words";
import { text } from "../../app/text";
import { LiveChart } from "../../ui/live-chart";
import { Notice } from "../../ui/notice";
import { ChartHead, latest as spoken } from "./chart-head";
import * as run from "./run";

const words = text.run;

export function QualityCharts({ lastStep }: { lastStep: number }) {
  const problem = run.scoreProblem.value;
  if (problem) return <Notice tone="hint">{words.notScored(inPageLanguage(problem))}</Notice>;
  if (!run.watchesQuality.value) return null;
  const scores = run.scores.value;
  const best = run.bestStep.value;
  return (
    <>
      {best !== undefined && run.busy.value && <p class="hint">{words.bestSoFar(best)}</p>}
      <ScoreChart
        {...words.textScore}
        color="--chart-line"
        lastStep={lastStep}
        steps={scores.map(({ step }) => step)}
        values={scores.map(({ textAlignment }) => textAlignment)}
      />
      <ScoreChart
        {...words.imageScore}
        color="--chart-second"
        lastStep={lastStep}
        steps={scores.map(({ step }) => step)}
        values={scores.map(({ imageAlignment }) => imageAlignment)}
      />
    </>
  );
}

interface ScoreChartProps {
  name: string;
  hint: string;
  color: "--chart-line" | "--chart-second";
  lastStep: number;
  steps: number[];
  values: number[];
}

function ScoreChart({ name, hint, color, lastStep, steps, values }: ScoreChartProps) {
  const latest = values.at(-1);
  return (
    <section class="card">
      <ChartHead name={name} latest={latest} hint={hint} />
      <LiveChart
        label={words.chartLabel(name, spoken(latest))}
        stepName={words.stepAxis}
        steps={steps}
        lastStep={lastStep}
        heights="of-values"
        lines={[{ name, color, width: 2, values }]}
      />
    </section>
  );
}

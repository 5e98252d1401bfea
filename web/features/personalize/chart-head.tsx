/** Heading of a chart: what it shows, its latest value, and how to read it. */
import { decimals } from "../../app/format";

interface ChartHeadProps {
  name: string;
  latest: number | undefined;
  hint: string;
  digits?: number;
}

export function ChartHead({ name, latest: value, hint, digits = 3 }: ChartHeadProps) {
  return (
    <>
      <h2 class="chart-head">
        {name} <output>{latest(value, digits)}</output>
      </h2>
      <p class="hint">{hint}</p>
    </>
  );
}

export const latest = (value: number | undefined, digits = 3) =>
  value === undefined ? "–" : decimals(value, digits);

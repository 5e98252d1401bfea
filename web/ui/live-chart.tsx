/** A line chart that grows while work runs. uPlot draws it; colours come from the page's theme. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface ChartLine {
  name: string;
  /** Name of the CSS colour variable. */
  color: "--chart-line" | "--chart-faint" | "--chart-second";
  width: number;
  values: (number | null)[];
}

interface LiveChartProps {
  /** Text that screen readers get instead of the drawing. */
  label: string;
  stepName: string;
  steps: number[];
  lastStep: number;
  lines: ChartLine[];
  /** Vertical range: from zero, so that heights can be compared, or of the values, to show small changes. */
  heights?: "from-zero" | "of-values";
}

const HEIGHT = 168;
const DARK = matchMedia("(prefers-color-scheme: dark)");

export function LiveChart({
  label,
  stepName,
  steps,
  lastStep,
  lines,
  heights = "from-zero",
}: LiveChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef<uPlot.AlignedData>([[]]);
  latest.current = [steps, ...lines.map(({ values }) => values)];

  // Built once: names and colours of the lines never change, their values come by the effect below.
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const build = () => {
      chart.current?.destroy();
      chart.current = new uPlot(options(box, stepName, lastStep, lines, heights), latest.current, box);
    };
    build();
    const resized = new ResizeObserver(() =>
      chart.current?.setSize({ width: box.clientWidth, height: HEIGHT }),
    );
    resized.observe(box);
    DARK.addEventListener("change", build);
    return () => {
      resized.disconnect();
      DARK.removeEventListener("change", build);
      chart.current?.destroy();
    };
  }, [lastStep]);

  useEffect(() => chart.current?.setData(latest.current), [steps]);

  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

function options(
  box: HTMLElement,
  stepName: string,
  lastStep: number,
  lines: ChartLine[],
  heights: "from-zero" | "of-values",
): uPlot.Options {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--muted"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 16, 0, 0],
    scales: {
      x: { time: false, range: [1, Math.max(lastStep, 2)] },
      y: {
        range: (_chart, least, most) => (heights === "from-zero" ? fromZero(most) : ofValues(least, most)),
      },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      { ...axis, size: 52, space: 36 },
    ],
    series: [
      { label: stepName },
      ...lines.map(({ name, color: variable, width }) => ({
        label: name,
        stroke: color(variable),
        width,
        // A lone value has no line; uPlot leaves the points out where they get dense.
        points: { size: 4, ...(width > 1 ? {} : { show: false }) },
      })),
    ],
  };
}

const fromZero = (most: number): [number, number] => [0, (most || 1) * 1.1];

/** Range of the values with room above and below, wide enough that noise doesn't look like a change. */
function ofValues(least: number | null, most: number | null): [number, number] {
  const [low, high] = [least ?? 0, most ?? 1];
  const room = Math.max(0.02, (high - low) * 0.2);
  return [low - room, high + room];
}

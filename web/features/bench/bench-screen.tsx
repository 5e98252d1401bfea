/** Measures this device: start, progress, cancel, a table, and the report for an issue. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { announce } from "../../app/announce";
import { inPageLanguage } from "../../app/engine-words";
import { HeldFault } from "../../app/fault-notice";
import { decimals } from "../../app/format";
import { device, engine } from "../../app/studio";
import type { BenchProgress, BenchReport } from "../../engine/contract/bench";
import { type Fault, toFault } from "../../engine/fault";
import { CopyButton } from "../../ui/copy-button";
import { SelectField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { ProgressBar } from "../../ui/progress-bar";
import { model } from "../models/model";
import { bugReport, cells, nameOf, type PlanName, planOf } from "./plans";
import "./bench.css";
import { text } from "./text";

type State = "idle" | "running" | "finished" | "cancelled";

const state = signal<State>("idle");
const progress = signal<BenchProgress | undefined>(undefined);
const report = signal<BenchReport | undefined>(undefined);
const failures = signal<string[]>([]);
const fault = signal<Fault | undefined>(undefined);

let cancelled = false;

async function run(name: PlanName, resolution: number): Promise<void> {
  cancelled = false;
  state.value = "running";
  progress.value = undefined;
  report.value = undefined;
  failures.value = [];
  fault.value = undefined;
  try {
    await engine().bench(planOf(name, resolution), {
      progress: (now) => {
        progress.value = now;
      },
      report: (now) => {
        report.value = now;
      },
      failed: (item, message) => {
        failures.value = [...failures.value, text.failed(item, inPageLanguage(message))];
      },
    });
    state.value = cancelled ? "cancelled" : "finished";
    announce(cancelled ? text.cancelled : text.finished);
  } catch (error) {
    fault.value = toFault(error);
    state.value = "idle";
  }
}

function cancel(): void {
  cancelled = true;
  engine().command("bench", "cancel");
}

export function BenchScreen() {
  const [plan, setPlan] = useState<PlanName>("quick");
  const loaded = model.value.state === "ready" ? model.value.report : undefined;
  const running = state.value === "running";
  const software = device.value.state === "ready" && device.value.report.software;
  return (
    <div class="screen narrow">
      <h1>{text.title}</h1>
      <p class="lead">{text.lead}</p>
      <HeldFault of={fault} />
      <section class="card">
        <SelectField
          label={text.what}
          value={plan}
          disabled={running}
          options={Object.entries(text.plans) as [PlanName, string][]}
          onValue={setPlan}
        />
        {software && plan !== "quick" && <Notice tone="hint">{text.software}</Notice>}
        {plan === "networks" && <p class="hint">{text.memory}</p>}
        {running ? (
          <Progress />
        ) : (
          <div class="actions">
            <button
              type="button"
              class="button primary"
              disabled={!loaded}
              onClick={() => loaded && run(plan, loaded.resolution)}
            >
              {text.start}
            </button>
            {!loaded && <span class="hint">{text.waiting}</span>}
          </div>
        )}
        {state.value === "finished" && <p role="status">{text.finished}</p>}
        {state.value === "cancelled" && <p role="status">{text.cancelled}</p>}
      </section>
      {report.value && <Results report={report.value} />}
    </div>
  );
}

function Progress() {
  const now = progress.value;
  return (
    <>
      <ProgressBar
        label={now?.next ? text.measuring(now.next, now.done, now.total) : "…"}
        done={now?.done ?? 0}
        of={now?.total}
      />
      <div class="actions">
        <button type="button" class="button" onClick={cancel}>
          {text.cancel}
        </button>
      </div>
    </>
  );
}

function Results({ report }: { report: BenchReport }) {
  const { name, ...columns } = text.columns;
  return (
    <section class="card" aria-label={text.results}>
      <h2>{text.results}</h2>
      {report.ceiling && (
        <p>
          {text.ceiling(
            decimals(report.ceiling.teraflops, 2),
            report.ceiling.teraflopsF16 === null ? undefined : decimals(report.ceiling.teraflopsF16, 2),
            decimals(report.ceiling.gigabytesPerSecond, 0),
          )}
        </p>
      )}
      {failures.value.map((failure) => (
        <Notice key={failure} tone="problem">
          {failure}
        </Notice>
      ))}
      {/* The table scrolls sideways on a phone: a keyboard must reach it to do so. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
      <section class="bench-table" tabIndex={0} aria-label={text.results}>
        <table>
          <thead>
            <tr>
              <th scope="col">{name}</th>
              {Object.values(columns).map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.rows.map((row) => (
              <tr key={nameOf(row)}>
                <th scope="row">{nameOf(row)}</th>
                {cells(row).map((cell, index) => (
                  <td key={index}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div class="actions">
        <CopyButton words={() => bugReport(report, navigator.userAgent)}>{text.copy}</CopyButton>
      </div>
    </section>
  );
}

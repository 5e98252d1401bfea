/** A training run as it happens: progress, switches, previews and curves; then its result. */
import { useState } from "preact/hooks";
import { FaultNotice, HeldFault, sentenceFor } from "../../app/fault-notice";
import { decimals, duration } from "../../app/format";
import { goTo } from "../../app/navigation";
import { text } from "../../app/text";
import type { TrainingSettings } from "../../engine/contract/training";
import { type Fault, toFault } from "../../engine/fault";
import { AskFirst } from "../../ui/ask-first";
import { download } from "../../ui/download";
import { Icon, type IconName } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { ProgressBar } from "../../ui/progress-bar";
import { exportFile } from "../adapters/export";
import { bareWord, knownAs, storageFault } from "../adapters/library";
import { addToPrompt, prompt } from "../generate/form";
import { notKept as photosNotKept } from "./keep-photos";
import { PreviewPanel } from "./preview-panel";
import * as run from "./run";
import { wishOf, wordsOf } from "./subjects";
import { TellMe } from "./tell-me";
import { TrainingCharts } from "./training-charts";

const words = text.run;

export function Run() {
  const settings = run.runSettings.value;
  if (!settings) return null;
  const word = wordsOf(settings);
  const phase = run.phase.value;
  const title =
    phase === "done"
      ? words.doneTitle(word, (settings.furtherSubjects ?? []).length > 0)
      : phase === "failed"
        ? words.failedTitle
        : words.title(word);
  return (
    <div class="screen">
      <h1>{title}</h1>
      <div class="run">
        <div class="run-progress">
          {phase === "failed" ? <Failure /> : <Progress steps={settings.steps} />}
          {phase === "done" && <Result settings={settings} />}
        </div>
        <PreviewPanel every={run.previewEvery.value} />
        <TrainingCharts settings={settings} />
      </div>
    </div>
  );
}

function Progress({ steps }: { steps: number }) {
  const last = run.records.value.at(-1);
  const preparation = run.preparation.value;
  return (
    <section class="card">
      {last ? (
        <ProgressBar label={words.step(last.step, steps)} done={last.step} of={steps} />
      ) : (
        <ProgressBar
          label={preparation ? words[preparation.doing](preparation.done, preparation.of) : words.preparing}
          done={preparation?.done ?? 0}
          of={preparation?.of}
        />
      )}
      {run.busy.value && <TimeLeft />}
      {run.busy.value && <Keeping />}
      {run.busy.value && <Switches />}
      {run.busy.value && <TellMe />}
    </section>
  );
}

/** Says how much of the run a closed tab would lose. */
function Keeping() {
  const problem = run.keepProblem.value;
  const step = run.keptStep.value;
  return (
    <>
      {problem ? (
        <Notice tone="hint">{words.notKept[problem]}</Notice>
      ) : (
        step !== undefined && <p class="hint">{words.kept(step)}</p>
      )}
      {photosNotKept.value && <Notice tone="hint">{words.photosNotKept}</Notice>}
    </>
  );
}

function TimeLeft() {
  const phase = run.phase.value;
  const last = run.records.value.at(-1);
  const left = run.secondsLeft.value;
  if (phase === "paused") return <p class="hint">{run.halted.value ? words.paused : words.pausing}</p>;
  if (phase === "stopping") return <p class="hint">{words.stopping}</p>;
  if (!last) return null;
  const drawing = run.previewProgress.value;
  return (
    <p class="hint">
      {drawing
        ? words.previewDrawing(drawing.step, drawing.steps)
        : `${left === undefined ? words.estimating : words.left(duration(left))} · ${words.secondsAStep(decimals(last.seconds, last.seconds < 1 ? 2 : 1))}`}
    </p>
  );
}

function Switches() {
  const paused = run.phase.value === "paused";
  const stopping = run.phase.value === "stopping";
  return (
    <AskFirst question={words.cancelQuestion} yes={words.cancelYes} no={words.cancelNo} onYes={run.cancel}>
      {(ask) => (
        <>
          {paused ? (
            <Button name={words.resume} icon="play" kind="primary" disabled={stopping} onClick={run.resume} />
          ) : (
            <Button name={words.pause} icon="pause" disabled={stopping} onClick={run.pause} />
          )}
          <Button
            name={words.stop}
            icon="stop"
            disabled={stopping || run.records.value.length === 0}
            onClick={run.stopAndKeep}
          />
          <Button name={words.cancel} kind="quiet" disabled={stopping} onClick={ask} />
        </>
      )}
    </AskFirst>
  );
}

function Result({ settings }: { settings: TrainingSettings }) {
  const entry = run.result.value;
  const [fault, setFault] = useState<Fault | undefined>();
  // Removed from the library meanwhile.
  if (!entry) return <Button name={words.back} onClick={run.reset} />;
  const best = run.bestStep.value;
  const save = () => exportFile(entry).catch((error) => setFault(toFault(error)));
  const generate = () => {
    // Without previews no prompt was put together.
    if (!prompt.value) addToPrompt(run.previewPrompt.value || wishOf(settings, entry.report.phrases));
    goTo("generate");
  };
  return (
    <section class="card">
      <p>
        {words.done(knownAs(entry.report))}{" "}
        {run.keepsBest.value && best !== undefined && words.bestKept(best)}
      </p>
      <HeldFault of={storageFault} />
      {fault && <FaultNotice fault={fault} onDismiss={() => setFault(undefined)} />}
      <div class="actions">
        <Button name={words.useIt} icon="generate" kind="primary" onClick={generate} />
        <Button name={words.export} icon="download" onClick={save} />
        <Button name={words.log} onClick={saveLog} />
        <Button name={words.again} kind="quiet" onClick={run.reset} />
      </div>
    </section>
  );
}

/** Saves the log: one JSON object per step, as the command line writes it. */
function saveLog(): void {
  const lines = run.records.value.map((record) => `${JSON.stringify(record)}\n`);
  const word = bareWord(run.runSettings.value?.placeholder ?? "");
  download(new Blob(lines, { type: "application/jsonl" }), `${word}.jsonl`);
}

function Failure() {
  const fault = run.fault.value;
  const kept = run.adapterFile.value;
  const word = run.runSettings.value?.placeholder ?? "";
  return (
    <section class="card">
      {fault && <Notice tone="problem">{sentenceFor(fault)}</Notice>}
      {!kept && run.keptStep.value === undefined && <p class="hint">{words.nothingKept}</p>}
      <div class="actions">
        {run.canContinue.value && (
          <Button
            name={words.continueFrom(run.keptStep.value ?? 0)}
            icon="play"
            kind="primary"
            onClick={run.continueAfterFailure}
          />
        )}
        {kept && <Button name={words.keep(kept.step)} onClick={run.keepAdapterFile} />}
        {kept && (
          <Button
            name={words.download}
            icon="download"
            onClick={() => download(kept.bytes, `${bareWord(word)}.safetensors`)}
          />
        )}
        <Button name={words.back} kind="quiet" onClick={run.backToSetup} />
      </div>
    </section>
  );
}

interface ButtonProps {
  name: string;
  icon?: IconName;
  kind?: "primary" | "quiet" | "danger";
  disabled?: boolean;
  onClick: () => void;
}

function Button({ name, icon, kind, disabled = false, onClick }: ButtonProps) {
  return (
    <button type="button" class={`button ${kind ?? ""}`} disabled={disabled} onClick={onClick}>
      {icon && <Icon name={icon} />}
      {name}
    </button>
  );
}

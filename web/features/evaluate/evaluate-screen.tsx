/** Measures an adapter against the untrained model: choices, progress, table, chart and pictures. */

import { HeldFault } from "../../app/fault-notice";
import { duration, megabytes } from "../../app/format";
import { text } from "../../app/text";
import { ProgressBar } from "../../ui/progress-bar";
import { StartButton } from "../../ui/start-button";
import { storageRead } from "../adapters/library";
import { adapters, obstacle, pictures } from "./choices";
import { evaluateText as words } from "./text";
import "./evaluate.css";
import * as evaluation from "./evaluation";
import { Pictures } from "./pictures";
import { Results } from "./results-card";
import { DrawCard, SubjectCard } from "./setup-cards";

export function EvaluateScreen() {
  return (
    <div class="screen">
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {adapters.value.length === 0 ? (
        <p class="empty">{storageRead.value ? words.noAdapters : text.adapters.notYet}</p>
      ) : (
        <Setup />
      )}
      <HeldFault of={evaluation.fault} />
      {evaluation.drawn.value.length > 0 && <Results />}
      {evaluation.drawn.value.length > 0 && <Pictures />}
    </div>
  );
}

function Setup() {
  const running = evaluation.state.value === "running";
  return (
    <form
      class="evaluate"
      onSubmit={(event) => {
        event.preventDefault();
        void evaluation.start();
      }}
    >
      <SubjectCard disabled={running} />
      <div class="evaluate-side">
        <DrawCard disabled={running} />
        <section class="card">{running ? <Progress /> : <Start />}</section>
      </div>
    </form>
  );
}

function Start() {
  const reason = obstacle.value;
  const { state, drawn, of } = evaluation;
  return (
    <>
      {state.value === "finished" && <p>{words.finished}</p>}
      {state.value === "cancelled" && <p>{words.cancelled(drawn.value.length, of.value)}</p>}
      <StartButton obstacle={reason} describedBy="evaluate-hint">
        {words.start}
      </StartButton>
      <p class="hint" id="evaluate-hint" role="status">
        {reason ?? words.pictures(pictures.value)}
      </p>
    </>
  );
}

function Progress() {
  const loading = evaluation.loading.value;
  const now = evaluation.progress.value;
  const left = evaluation.secondsLeft.value;
  const done = evaluation.drawn.value.length;
  return (
    <>
      {loading && loading.phase !== "compile" ? (
        <ProgressBar
          label={words.loadingJudge(megabytes(loading.bytesLoaded), megabytes(loading.bytesTotal))}
          done={loading.bytesLoaded}
          of={loading.bytesTotal}
        />
      ) : (
        <ProgressBar
          label={now ? words.progress(now.cell + 1, evaluation.of.value) : words.preparing}
          done={done}
          of={now && evaluation.of.value}
        />
      )}
      {now && (
        <p class="hint">
          {words.step(now.step, now.steps)}
          {left !== undefined && ` · ${words.left(duration(left))}`}
        </p>
      )}
      <div class="actions">
        <button type="button" class="button" onClick={evaluation.cancel}>
          {words.cancel}
        </button>
      </div>
    </>
  );
}

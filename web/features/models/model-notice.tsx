/** Shows the progress of the model's loading, and what to do if it fails. */
import { FaultNotice } from "../../app/fault-notice";
import { megabytes } from "../../app/format";
import { text } from "../../app/text";
import type { LoadProgress } from "../../engine/api";
import { Notice } from "../../ui/notice";
import { ProgressBar } from "../../ui/progress-bar";
import { choice, loadDemoModel, model, reloadModel } from "./model";

export function ModelNotice() {
  const now = model.value;
  if (now.state === "fault") {
    return (
      <>
        <FaultNotice fault={now.fault} title={text.model.failed} onRetry={reloadModel} />
        {choice.value.kind !== "embedded" && (
          <Notice
            tone="hint"
            actions={
              <button type="button" class="button" onClick={loadDemoModel}>
                {text.model.useDemo}
              </button>
            }
          >
            {text.model.orDemo}
          </Notice>
        )}
      </>
    );
  }
  if (now.state !== "loading") return null;
  return (
    <section class="card model-notice" aria-label={text.model.title}>
      <h2>{choice.value.kind === "embedded" ? text.model.title : text.model.otherTitle}</h2>
      <ProgressBar {...barOf(now.progress)} />
      {choice.value.kind === "embedded" && <p class="hint">{text.model.hint}</p>}
    </section>
  );
}

function barOf(progress: LoadProgress | undefined): { label: string; done: number; of: number | undefined } {
  if (!progress) return { label: text.model.starting, done: 0, of: undefined };
  if (progress.phase === "compile") {
    const { kernels, of } = progress;
    return { label: text.model.compiling(kernels, of), done: kernels, of };
  }
  const words = progress.phase === "upload" ? text.model.uploading : text.model.fetching;
  const { bytesLoaded, bytesTotal } = progress;
  return { label: words(megabytes(bytesLoaded), megabytes(bytesTotal)), done: bytesLoaded, of: bytesTotal };
}

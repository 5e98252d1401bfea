/** Shows the model's way to the GPU while it loads, and what to do when it doesn't arrive. */
import { FaultNotice } from "../../app/fault-notice";
import { megabytes } from "../../app/format";
import { text } from "../../app/text";
import { ProgressBar } from "../../ui/progress-bar";
import { loadDemoModel, model } from "./model";

export function ModelNotice() {
  const now = model.value;
  if (now.state === "fault") {
    return <FaultNotice fault={now.fault} title={text.model.failed} onRetry={loadDemoModel} />;
  }
  if (now.state !== "loading") return null;
  const { progress } = now;
  const words = progress?.phase === "upload" ? text.model.uploading : text.model.fetching;
  const label = progress
    ? words(megabytes(progress.bytesLoaded), megabytes(progress.bytesTotal))
    : text.model.starting;
  return (
    <section class="card model-notice" aria-label={text.model.title}>
      <h2>{text.model.title}</h2>
      <ProgressBar label={label} done={progress?.bytesLoaded ?? 0} of={progress?.bytesTotal} />
      <p class="hint">{text.model.hint}</p>
    </section>
  );
}

/** Asks whether to follow a link to an adapter on another server: says from where, and what that means. */
import { useState } from "preact/hooks";
import { FaultNotice } from "../../app/fault-notice";
import { goTo } from "../../app/navigation";
import { text } from "../../app/text";
import { type Fault, faultError, toFault } from "../../engine/fault";
import { Notice } from "../../ui/notice";
import { ProgressBar } from "../../ui/progress-bar";
import { model } from "../models/model";
import { importAll } from "./import";
import { FetchProblem, fetchLinked, type LinkedAdapter } from "./link";

const words = text.adapters.link;
const leave = () => goTo("adapters");

export function LinkQuestion({ link }: { link: LinkedAdapter | "refused" }) {
  const [fetching, setFetching] = useState(false);
  const [fault, setFault] = useState<Fault | undefined>();
  if (link === "refused") {
    return (
      <Notice
        tone="problem"
        actions={
          <button type="button" class="button" onClick={leave}>
            {text.faults.dismiss}
          </button>
        }
      >
        {words.refused}
      </Notice>
    );
  }
  const take = async () => {
    setFetching(true);
    setFault(undefined);
    try {
      await importAll([await fetchLinked(link)]);
      leave();
    } catch (error) {
      const reason = error instanceof FetchProblem ? words[error.problem](link.address.host) : undefined;
      setFault(toFault(reason ? faultError("Network", reason) : error));
    } finally {
      setFetching(false);
    }
  };
  return (
    <section class="card" aria-labelledby="link-title">
      <h2 id="link-title">{words.question(link.fileName, link.address.host)}</h2>
      <p class="hint linked-address">{link.address.href}</p>
      <p>{words.meaning}</p>
      {fault && <FaultNotice fault={fault} onRetry={take} />}
      {fetching ? (
        <ProgressBar label={words.fetching(link.address.host)} />
      ) : (
        <div class="actions">
          <button
            type="button"
            class="button primary"
            disabled={model.value.state !== "ready"}
            onClick={take}
          >
            {words.yes}
          </button>
          <button type="button" class="button" onClick={leave}>
            {words.no}
          </button>
        </div>
      )}
    </section>
  );
}

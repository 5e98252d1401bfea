/** Offers to continue what an earlier visit left unfinished, or to discard it. */
import { FaultNotice } from "../../app/fault-notice";
import { dateTime } from "../../app/format";
import { text } from "../../app/text";
import { AskFirst } from "../../ui/ask-first";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { model } from "../models/model";
import { continueRun } from "./run";
import { wordsOf } from "./subjects";
import { discardFault, discardUnfinished, type UnfinishedRun, unfinished } from "./unfinished";

const words = text.unfinished;

export function UnfinishedRuns() {
  return (
    <>
      {discardFault.value && <FaultNotice fault={discardFault.value} />}
      {unfinished.value.map((run) => (
        <Offer key={run.id} run={run} />
      ))}
    </>
  );
}

function Offer({ run: { id, facts } }: { run: UnfinishedRun }) {
  if (!facts) {
    return (
      <Notice
        tone="problem"
        actions={
          <button type="button" class="button" onClick={() => discardUnfinished(id)}>
            {words.deleteDamaged}
          </button>
        }
      >
        {words.damaged}
      </Notice>
    );
  }
  const { steps } = facts.settings;
  const word = wordsOf(facts.settings);
  const ready = model.value.state === "ready" ? model.value.report.name : undefined;
  const otherModel = ready !== undefined && ready !== facts.model;
  return (
    <section class="card" aria-label={words.title(word, facts.step, steps)}>
      <h2>{words.title(word, facts.step, steps)}</h2>
      <p class="hint">
        {otherModel ? words.otherModel(facts.model) : words.savedAt(dateTime(facts.savedAt))}
      </p>
      <AskFirst question={words.question} yes={words.yes} no={words.no} onYes={() => discardUnfinished(id)}>
        {(ask) => (
          <>
            <button
              type="button"
              class="button primary"
              disabled={ready === undefined || otherModel}
              onClick={() => continueRun(facts)}
            >
              <Icon name="play" />
              {words.go}
            </button>
            <button type="button" class="button quiet" onClick={ask}>
              {words.discard}
            </button>
          </>
        )}
      </AskFirst>
    </section>
  );
}

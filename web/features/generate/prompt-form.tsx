/** The prompt, and the button that draws it. */
import { HeldFault } from "../../app/fault-notice";
import { named } from "../../app/prompts";
import { text } from "../../app/text";
import { TextField } from "../../ui/field";
import { phrases } from "../adapters/library";
import { model } from "../models/model";
import * as drawing from "./drawing";
import { DrawingProgress } from "./drawing-progress";
import { FilledInNotice } from "./filled-in-notice";
import * as form from "./form";
import { generate } from "./generate";
import { MemoryLine } from "./memory-line";
import { keepFilledIn } from "./restore";

const words = text.generate;
export const PROMPT_FORM = "prompt-form";

export function PromptForm() {
  const submit = (event: Event) => {
    event.preventDefault();
    keepFilledIn();
    void generate();
  };
  return (
    <form id={PROMPT_FORM} class="card prompt-form" onSubmit={submit}>
      <TextField
        label={words.prompt}
        hint={words.promptHint}
        rows={3}
        placeholder={words.promptPlaceholder}
        value={form.prompt.value}
        error={form.promptMissing.value ? words.promptMissing : undefined}
        onValue={(value) => {
          form.prompt.value = value;
          form.promptMissing.value = false;
        }}
      />
      <fieldset class="chips" aria-label={words.insert}>
        {phrases.value.map(named).map((words) => (
          <button key={words} type="button" class="chip word" onClick={() => form.addToPrompt(words)}>
            {words}
          </button>
        ))}
        {words.phrases.map((phrase) => (
          <button key={phrase} type="button" class="chip" onClick={() => form.addToPrompt(phrase)}>
            {phrase}
          </button>
        ))}
      </fieldset>
      <FilledInNotice />
      {drawing.progress.value ? <DrawingProgress /> : <Start />}
      <HeldFault of={drawing.fault} />
    </form>
  );
}

function Start() {
  const count = form.count.value;
  return (
    <>
      <button type="submit" class="button primary large" disabled={model.value.state !== "ready"}>
        {words.start(count)}
      </button>
      <MemoryLine />
    </>
  );
}

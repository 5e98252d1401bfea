/** The prompt, and the button that draws it. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { HeldFault } from "../../app/fault-notice";
import { named } from "../../app/prompts";
import { text } from "../../app/text";
import { TextField } from "../../ui/field";
import { phrases } from "../adapters/library";
import { MAX_PROMPT } from "../gallery/picture-settings";
import { model } from "../models/model";
import * as drawing from "./drawing";
import { DrawingProgress } from "./drawing-progress";
import { FilledInNotice } from "./filled-in-notice";
import * as fields from "./form";
import { generate } from "./generate";
import { MemoryLine } from "./memory-line";
import { keepFilledIn } from "./restore";

const words = text.generate;
/** Id by which the settings beside the form name it: see `submitFrom` in `app/shortcuts.ts`. */
export const PROMPT_FORM = "prompt-form";

export function PromptForm() {
  const submit = (event: Event) => {
    event.preventDefault();
    keepFilledIn();
    void generate();
  };
  const form = useRef<HTMLFormElement>(null);
  const isDrawing = drawing.progress.value !== undefined;
  const wasDrawing = useRef(isDrawing);
  useLayoutEffect(() => {
    // The button that was pressed gave way to another: keys go on from that one.
    const left = document.activeElement === document.body;
    if (left && wasDrawing.current !== isDrawing) {
      form.current?.querySelector<HTMLElement>(":scope > button")?.focus({ preventScroll: true });
    }
    wasDrawing.current = isDrawing;
  }, [isDrawing]);
  return (
    <form ref={form} id={PROMPT_FORM} class="card prompt-form" onSubmit={submit}>
      <TextField
        label={words.prompt}
        hint={words.promptHint}
        rows={3}
        maxLength={MAX_PROMPT}
        placeholder={words.promptPlaceholder}
        value={fields.prompt.value}
        error={fields.promptMissing.value ? words.promptMissing : undefined}
        onValue={(value) => {
          fields.prompt.value = value;
          fields.promptMissing.value = false;
        }}
      />
      <fieldset class="chips" aria-label={words.insert}>
        {phrases.value.map(named).map((words) => (
          <button key={words} type="button" class="chip word" onClick={() => fields.addToPrompt(words)}>
            {words}
          </button>
        ))}
        {words.phrases.map((phrase) => (
          <button key={phrase} type="button" class="chip" onClick={() => fields.addToPrompt(phrase)}>
            {phrase}
          </button>
        ))}
      </fieldset>
      <FilledInNotice />
      {isDrawing ? <DrawingProgress /> : <Start />}
      <HeldFault of={drawing.fault} />
    </form>
  );
}

function Start() {
  const count = fields.count.value;
  return (
    <>
      <button type="submit" class="button primary large" disabled={model.value.state !== "ready"}>
        {words.start(count)}
      </button>
      <MemoryLine />
    </>
  );
}

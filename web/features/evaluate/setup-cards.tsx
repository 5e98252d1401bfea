/** The choices before an evaluation: what is judged, and what is drawn. */

import { plainNumber } from "../../app/format";
import { bound } from "../../ui/bound";
import { NumberField, SelectField, SliderField, TextField } from "../../ui/field";
import { PhotoPicker } from "../personalize/photo-picker";
import * as choices from "./choices";
import { evaluateText as words } from "./text";

export function SubjectCard({ disabled }: { disabled: boolean }) {
  const { adapter, adapters, borrowed, classNoun, ownPhotos } = choices;
  return (
    <fieldset class="card" disabled={disabled} aria-labelledby="evaluate-subject">
      <h2 id="evaluate-subject">{words.subjectTitle}</h2>
      <div class="pair">
        <SelectField
          label={words.adapter}
          options={adapters.value.map(({ key, report }) => [key, report.placeholder ?? report.name])}
          value={adapter.value?.key ?? ""}
          onValue={choices.chooseAdapter}
        />
        <TextField label={words.noun} value={classNoun.value} onValue={choices.setClassNoun} />
      </div>
      <p class="hint">{words.nounHint}</p>
      <h3>{words.photosTitle}</h3>
      <p class="hint">
        {borrowed.value ? words.borrowed(borrowed.value.length, classNoun.value.trim()) : words.photosHint}
      </p>
      <PhotoPicker
        list={ownPhotos}
        classNoun={classNoun.value}
        id="evaluate"
        takesPasted
        onSample={(sample) => ownPhotos.chooseSample(sample)}
        onFiles={(files) => ownPhotos.addFiles(files)}
      />
    </fieldset>
  );
}

export function DrawCard({ disabled }: { disabled: boolean }) {
  return (
    <fieldset class="card" disabled={disabled} aria-labelledby="evaluate-draw">
      <h2 id="evaluate-draw">{words.drawTitle}</h2>
      <SelectField label={words.prompts} options={words.promptSets} {...bound(choices.promptSet)} />
      {choices.promptSet.value === "own" && (
        <TextField
          label={words.ownPrompts}
          hint={words.ownPromptsHint(choices.classNoun.value.trim())}
          rows={5}
          {...bound(choices.ownLines)}
        />
      )}
      <div class="field">
        <span class="label" id="evaluate-strengths">
          {words.strengths}
        </span>
        <fieldset
          class="chips"
          aria-labelledby="evaluate-strengths"
          aria-describedby="evaluate-strengths-hint"
        >
          {choices.STRENGTHS.map((strength) => (
            <button
              key={strength}
              type="button"
              class="chip"
              aria-pressed={choices.strengths.value.includes(strength)}
              onClick={() => choices.toggleStrength(strength)}
            >
              {plainNumber(strength)}
            </button>
          ))}
        </fieldset>
        <p class="hint" id="evaluate-strengths-hint">
          {words.strengthsHint}
        </p>
      </div>
      <SliderField label={words.seeds} min={1} max={choices.MAX_SEEDS} step={1} {...bound(choices.seeds)} />
      <NumberField
        label={words.steps}
        min={1}
        max={100}
        step={1}
        value={choices.steps.value}
        onValue={choices.setSteps}
      />
    </fieldset>
  );
}

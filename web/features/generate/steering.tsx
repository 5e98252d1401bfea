/** Ways to balance a learned word against the rest of the prompt, and to see what the words did. */
import { text } from "../../app/text";
import { bound } from "../../ui/bound";
import { CheckField, OptionalNumberField, SliderField, TextField } from "../../ui/field";
import { MAX_PROMPT } from "../gallery/picture-settings";
import * as form from "./form";
import { RegionList } from "./region-list";
import * as steering from "./steering-settings";

const words = text.generate.steering;

export function Steering() {
  return (
    <details>
      <summary>{words.title}</summary>
      <p class="hint">{words.lead}</p>
      <SliderField
        label={words.delayed}
        hint={words.delayedHint}
        min={0}
        max={100 * steering.MAX_DELAYED}
        step={5}
        value={Math.round(100 * steering.delayedConcept.value)}
        onValue={(percent) => {
          steering.delayedConcept.value = percent / 100;
        }}
      />
      <CheckField label={words.keepsLora} hint={words.keepsLoraHint} {...bound(steering.delayedKeepsLora)} />
      {steering.delayedConcept.value > 0 && (
        <TextField
          label={words.classPrompt}
          hint={words.classPromptHint}
          maxLength={MAX_PROMPT}
          {...bound(steering.classPrompt)}
        />
      )}
      <SliderField
        label={words.strengthEnd}
        hint={words.strengthEndHint}
        min={0}
        max={2}
        step={0.05}
        {...bound(steering.strengthEnd)}
      />
      <OptionalNumberField
        label={words.normClip}
        hint={words.normClipHint}
        min={0.1}
        max={100}
        step="any"
        {...bound(steering.embeddingNormClip)}
      />
      <RegionList />
      <CheckField label={words.heatMaps} hint={words.heatMapsHint} {...bound(form.mapsHeat)} />
    </details>
  );
}

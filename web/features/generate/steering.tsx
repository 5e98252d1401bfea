/** Ways to balance a learnt word against the rest of the prompt, and to see what the words did. */
import { text } from "../../app/text";
import { CheckField, OptionalNumberField, SliderField } from "../../ui/field";
import * as state from "./generate";

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
        max={90}
        step={5}
        value={Math.round(100 * state.delayedConcept.value)}
        onValue={(percent) => {
          state.delayedConcept.value = percent / 100;
        }}
      />
      <CheckField
        label={words.keepsLora}
        hint={words.keepsLoraHint}
        value={state.delayedKeepsLora.value}
        onValue={(keeps) => {
          state.delayedKeepsLora.value = keeps;
        }}
      />
      <SliderField
        label={words.strengthEnd}
        hint={words.strengthEndHint}
        min={0}
        max={2}
        step={0.05}
        value={state.strengthEnd.value}
        onValue={(end) => {
          state.strengthEnd.value = end;
        }}
      />
      <OptionalNumberField
        label={words.normClip}
        hint={words.normClipHint}
        min={0.1}
        max={100}
        step="any"
        value={state.embeddingNormClip.value}
        onValue={(clip) => {
          state.embeddingNormClip.value = clip;
        }}
      />
      <CheckField
        label={words.heatMaps}
        hint={words.heatMapsHint}
        value={state.mapsHeat.value}
        onValue={(maps) => {
          state.mapsHeat.value = maps;
        }}
      />
    </details>
  );
}

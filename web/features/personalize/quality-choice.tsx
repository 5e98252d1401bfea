/** Whether previews are scored, by which photos, and what their scores decide. */
import { bound } from "../../ui/bound";
import { CheckField, NumberField, OptionalNumberField } from "../../ui/field";
import * as previews from "./preview-choice";
import { settingsText as words } from "./settings-text";

export function QualityChoice() {
  return (
    <>
      <CheckField
        label={words.watchQuality}
        hint={words.watchQualityHint}
        value={previews.watchesQuality.value}
        onValue={(watches) => {
          previews.wantsQuality.value = watches;
          if (watches && previews.previewEvery.value === 0)
            previews.previewEvery.value = previews.USUAL_EVERY;
        }}
      />
      {previews.watchesQuality.value && <Consequences />}
    </>
  );
}

function Consequences() {
  return (
    <div class="depends">
      <CheckField label={words.keepBest} hint={words.keepBestHint} {...bound(previews.keepsBest)} />
      <div class="pair">
        <NumberField
          label={words.heldBack}
          hint={words.heldBackHint}
          min={0}
          max={previews.mostHeldBack.value}
          step={1}
          value={previews.heldBack.value}
          disabled={previews.mostHeldBack.value === 0}
          onValue={(count) => {
            previews.wantsHeldBack.value = count;
          }}
        />
        <OptionalNumberField
          label={words.patience}
          hint={words.patienceHint}
          min={1}
          max={100}
          step={1}
          {...bound(previews.patience)}
        />
      </div>
    </div>
  );
}

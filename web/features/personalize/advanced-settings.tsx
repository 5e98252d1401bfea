/** All training settings that the engine has, for those who know what they want; grouped by purpose. */

import { text } from "../../app/text";
import type { TrainingSettings } from "../../engine/contract/training";
import { bound } from "../../ui/bound";
import { CheckField, NumberField, OptionalNumberField, SelectField, TextField } from "../../ui/field";
import { MemoryLimitField } from "../models/memory-limit-field";
import { GROUPS, SETTING_FIELDS, type SettingKind } from "./setting-fields";
import { settingsText as words } from "./settings-text";
import * as setup from "./setup";

export function AdvancedSettings({ settings }: { settings: TrainingSettings }) {
  return (
    <details>
      <summary>{text.personalize.advanced}</summary>
      {GROUPS.map((group) => (
        <fieldset key={group} class="setting-group">
          <legend>{words.groups[group]}</legend>
          <div class="advanced">
            {SETTING_FIELDS[group]
              .filter(([name]) => name in settings)
              .map(([name, kind]) => (
                <Setting
                  key={name}
                  name={name}
                  kind={kind}
                  value={settings[name as keyof TrainingSettings]}
                />
              ))}
            {group === "keeping" && <Keeping />}
          </div>
        </fieldset>
      ))}
      {setup.changed.value && (
        <button type="button" class="button quiet" onClick={setup.resetSettings}>
          {text.personalize.reset}
        </button>
      )}
    </details>
  );
}

function Setting({ name, kind, value }: { name: string; kind: SettingKind; value: unknown }) {
  const [label = name, hint] = words.fields[name] ?? [];
  const set = (value: unknown) => setup.change({ [name]: value });
  switch (kind.kind) {
    case "number": {
      const { empty, kind: _, ...limits } = kind;
      if (empty) {
        return (
          <OptionalNumberField {...{ label, hint, ...limits }} value={value as number | null} onValue={set} />
        );
      }
      return <NumberField {...{ label, hint, ...limits }} value={value as number} onValue={set} />;
    }
    case "range": {
      const [first, last] = value as [number, number];
      const { kind: _, ...limits } = kind;
      return (
        <>
          <NumberField
            {...{ label: words.first(label), hint, ...limits }}
            value={first}
            onValue={(first) => set([first, last])}
          />
          <NumberField
            {...{ label: words.last(label), ...limits }}
            value={last}
            onValue={(last) => set([first, last])}
          />
        </>
      );
    }
    case "check":
      return <CheckField {...{ label, hint }} value={value === true} onValue={set} />;
    case "words":
      return (
        <TextField
          {...{ label, hint }}
          value={typeof value === "string" ? value : ""}
          onValue={(words) => set(words.trim() || (kind.empty ? null : ""))}
        />
      );
    case "choice":
      return (
        <SelectField
          {...{ label, hint }}
          options={Object.entries(words.options[name] ?? {})}
          value={String(value)}
          onValue={set}
        />
      );
  }
}

function Keeping() {
  return (
    <>
      <NumberField
        label={words.keepEvery}
        hint={words.keepEveryHint}
        min={1}
        max={1000}
        step={1}
        {...bound(setup.keepEvery)}
      />
      <MemoryLimitField />
    </>
  );
}

/** One axis: what changes along it, and its values. */

import { text } from "../../../app/text";
import type { SamplerName } from "../../../engine/contract/generation";
import { SelectField, TextField } from "../../../ui/field";
import { plainWish } from "../wish";
import { type AxisChoice, PARAMETERS, type ParameterName } from "./axes";
import { offered } from "./grid";
import { gridText as words } from "./text";

interface AxisFieldsProps {
  title: string;
  axis: AxisChoice | undefined;
  /** Whether the axis may be left empty, so that nothing changes along it. */
  optional: boolean;
  error: string | undefined;
  onAxis: (axis: AxisChoice | undefined) => void;
}

export function AxisFields({ title, axis, optional, error, onAxis }: AxisFieldsProps) {
  // What has no effect any more is shown as long as it is chosen.
  const names = new Set(offered.value.concat(axis ? [axis.parameter] : []));
  const options = [
    ...(optional ? [["", words.none] as const] : []),
    ...[...names].map((name) => [name, words.parameters[name]] as const),
  ];
  const choose = (name: ParameterName | "") =>
    onAxis(name === "" ? undefined : { parameter: name, written: PARAMETERS[name].initial(plainWish()) });
  return (
    <fieldset class="grid-axis">
      <legend>{title}</legend>
      <SelectField<ParameterName | "">
        label={words.parameter}
        options={options}
        value={axis?.parameter ?? ""}
        onValue={choose}
      />
      {axis && <Values axis={axis} error={error} onAxis={onAxis} />}
    </fieldset>
  );
}

function Values({ axis, error, onAxis }: Pick<AxisFieldsProps, "error" | "onAxis"> & { axis: AxisChoice }) {
  const { parameter, written } = axis;
  const { kind } = PARAMETERS[parameter];
  if (kind === "samplers") return <Samplers axis={axis} error={error} onAxis={onAxis} />;
  return (
    <TextField
      label={words.values}
      hint={kind === "words" ? words.wordsHint : words.numbersHint}
      error={error}
      value={written}
      onValue={(written) => onAxis({ parameter, written })}
    />
  );
}

function Samplers({ axis, error, onAxis }: Pick<AxisFieldsProps, "error" | "onAxis"> & { axis: AxisChoice }) {
  const chosen = axis.written.split(", ").filter((name) => name !== "");
  const toggle = (name: string) =>
    onAxis({
      ...axis,
      written: (chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]).join(
        ", ",
      ),
    });
  return (
    <>
      <fieldset class="chips" aria-label={words.samplers}>
        {(Object.entries(text.generate.samplers) as [SamplerName, string][]).map(([name, shown]) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={chosen.includes(name)}
            onClick={() => toggle(name)}
          >
            {shown}
          </button>
        ))}
      </fieldset>
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}

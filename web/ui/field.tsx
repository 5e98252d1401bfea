/** Form fields with label, hint and error tied to the control for screen readers. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { setting } from "../app/format";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children: (ids: { id: string; describedBy: string | undefined }) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, describedBy })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  value: string;
  placeholder?: string;
  rows?: number;
  maxLength?: number;
  disabled?: boolean;
  onValue: (value: string) => void;
}

/** One line, or several with `rows`. */
export function TextField({ label, hint, error, rows, value, onValue, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy }) => {
        const shared = {
          ...rest,
          id,
          value,
          "aria-describedby": describedBy,
          "aria-invalid": error ? true : undefined,
          autocomplete: "off",
          spellcheck: false,
          // Prompts are English in a page of any language.
          dir: "auto",
          onInput: (event: InputEvent) => onValue((event.target as HTMLInputElement).value),
        } as const;
        return rows ? <textarea {...shared} rows={rows} /> : <input {...shared} type="text" />;
      }}
    </Field>
  );
}

interface NumberProps {
  label: string;
  hint?: string | undefined;
  value: number;
  min: number;
  max: number;
  step: number | "any";
  disabled?: boolean;
  onValue: (value: number) => void;
}

export function NumberField({ label, hint, value, onValue, ...limits }: NumberProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <NumberInput
          {...{ ...limits, ...ids }}
          value={String(value)}
          onChange={(input) => {
            if (input.value !== "") onValue(input.valueAsNumber);
          }}
        />
      )}
    </Field>
  );
}

interface OptionalNumberProps extends Omit<NumberProps, "value" | "onValue"> {
  value: number | null;
  onValue: (value: number | null) => void;
}

/** Empty stands for `null`. */
export function OptionalNumberField({ label, hint, value, onValue, ...limits }: OptionalNumberProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <NumberInput
          {...{ ...limits, ...ids }}
          value={String(value ?? "")}
          onChange={(input) => onValue(input.value === "" ? null : input.valueAsNumber)}
        />
      )}
    </Field>
  );
}

interface NumberInputProps extends Omit<NumberProps, "label" | "hint" | "value" | "onValue"> {
  id: string;
  describedBy: string | undefined;
  value: string;
  /** Called when the value is within the limits; one that isn't is put back. */
  onChange: (input: HTMLInputElement) => void;
}

/** A number counts when the field is left or Enter is pressed; what is typed until then outlives redraws. */
function NumberInput({ describedBy, value, onChange, ...attributes }: NumberInputProps) {
  const [typed, setTyped] = useState<string | undefined>();
  return (
    <input
      {...attributes}
      type="number"
      inputMode="decimal"
      value={typed ?? value}
      aria-describedby={describedBy}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => {
        setTyped(undefined);
        if (event.currentTarget.validity.valid) onChange(event.currentTarget);
      }}
    />
  );
}

interface CheckProps {
  label: string;
  hint?: string | undefined;
  value: boolean;
  onValue: (value: boolean) => void;
}

export function CheckField({ label, hint, value, onValue }: CheckProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={value}
          aria-describedby={hint && id}
          onChange={(event) => onValue(event.currentTarget.checked)}
        />
        {label}
      </label>
      {hint && (
        <p class="hint" id={id}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function SliderField({ label, hint, value, onValue, ...rest }: NumberProps) {
  return (
    <Field label={label} hint={hint}>
      {({ id, describedBy }) => (
        <div class="slider">
          <input
            {...rest}
            id={id}
            type="range"
            value={value}
            aria-describedby={describedBy}
            onInput={(event) => onValue(event.currentTarget.valueAsNumber)}
          />
          <output for={id}>{setting(value)}</output>
        </div>
      )}
    </Field>
  );
}

interface SelectProps<T extends string | number> {
  label: string;
  hint?: string | undefined;
  value: T;
  options: readonly (readonly [T, string])[];
  disabled?: boolean;
  onValue: (value: T) => void;
}

export function SelectField<T extends string | number>({
  label,
  hint,
  value,
  options,
  onValue,
  ...rest
}: SelectProps<T>) {
  return (
    <Field label={label} hint={hint}>
      {({ id, describedBy }) => (
        <select
          {...rest}
          id={id}
          aria-describedby={describedBy}
          value={String(value)}
          onChange={(event) => {
            const chosen = options[event.currentTarget.selectedIndex];
            if (chosen) onValue(chosen[0]);
          }}
        >
          {options.map(([option, name]) => (
            <option key={option} value={String(option)}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

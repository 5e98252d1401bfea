/** Form fields with label, hint and error tied to the control for screen readers. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { plainNumber } from "../app/format";
import { text } from "../app/text";

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

export const NumberField = ({ value, onValue, ...rest }: NumberProps) => (
  <NumberInput {...rest} value={String(value)} required onChange={(input) => onValue(input.valueAsNumber)} />
);

interface OptionalNumberProps extends Omit<NumberProps, "value" | "onValue"> {
  value: number | null;
  onValue: (value: number | null) => void;
}

/** Empty stands for `null`. */
export const OptionalNumberField = ({ value, onValue, ...rest }: OptionalNumberProps) => (
  <NumberInput
    {...rest}
    value={String(value ?? "")}
    onChange={(input) => onValue(input.value === "" ? null : input.valueAsNumber)}
  />
);

interface NumberInputProps extends Omit<NumberProps, "value" | "onValue"> {
  value: string;
  /** Whether it can't be empty. */
  required?: boolean;
  onChange: (input: HTMLInputElement) => void;
}

/**
 * A number counts when the field is left or Enter is pressed; what is typed until then outlives redraws. One beyond
 * the limits becomes the nearer limit, anything else that can't be is put back, and the field says so.
 */
function NumberInput({ label, hint, value, required, onChange, ...limits }: NumberInputProps) {
  const [typed, setTyped] = useState<string | undefined>();
  const [isWrong, setWrong] = useState(false);
  const [problem, setProblem] = useState<string | undefined>();
  const { min, max, step } = limits;
  const isValid = ({ value, validity }: HTMLInputElement) => validity.valid && !(required && value === "");
  const take = (input: HTMLInputElement) => {
    const wasValid = isValid(input);
    const { rangeUnderflow, rangeOverflow } = input.validity;
    if (rangeUnderflow || rangeOverflow) input.value = String(rangeOverflow ? max : min);
    setTyped(undefined);
    setWrong(false);
    setProblem(wasValid ? undefined : text.outside(min, max, step === 1));
    if (isValid(input)) onChange(input);
    // Set by hand, since what is no number may stand there with the same value: none.
    else input.value = value;
  };
  return (
    <Field label={label} hint={hint} error={problem}>
      {({ id, describedBy }) => (
        <input
          {...limits}
          id={id}
          type="number"
          inputMode="decimal"
          value={typed ?? value}
          aria-describedby={describedBy}
          aria-invalid={isWrong || undefined}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setWrong(!currentTarget.validity.valid);
            setProblem(undefined);
          }}
          onChange={(event) => take(event.currentTarget)}
        />
      )}
    </Field>
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
          <output for={id}>{plainNumber(value)}</output>
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

/** Field for the memory limit; plans that depend on it are made anew. */
import { text } from "../../app/text";
import { NumberField } from "../../ui/field";
import { LEAST, MOST, memoryLimit, setMemoryLimit } from "./memory-limit";

export function MemoryLimitField({ onChange }: { onChange?: () => void }) {
  return (
    <NumberField
      label={text.memoryLimit.label}
      hint={text.memoryLimit.hint}
      min={LEAST}
      max={MOST}
      step="any"
      value={memoryLimit.value}
      onValue={(limit) => {
        setMemoryLimit(limit);
        onChange?.();
      }}
    />
  );
}

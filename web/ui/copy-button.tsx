/**
 * Copies a text, which must be at hand: Safari doesn't copy what comes later than the click. Where the browser forbids
 * that, or the page isn't secure, the text is shown for the visitor to copy.
 */
import { useState } from "preact/hooks";
import { text } from "../app/text";
import { Field } from "./field";

interface CopyButtonProps {
  children: string;
  words: () => string;
  disabled?: boolean;
}

export function CopyButton({ children, words, disabled = false }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const [uncopied, setUncopied] = useState<string>();
  const copy = async () => {
    const all = words();
    const done = await writeToClipboard(all);
    setCopied(done);
    setUncopied(done ? undefined : all);
  };
  return (
    <>
      <button type="button" class="button" disabled={disabled} onClick={copy}>
        {children}
      </button>
      <span role="status">{copied ? text.copying.done : ""}</span>
      {uncopied !== undefined && (
        <Field label={text.copying.forbidden}>
          {({ id }) => (
            <textarea id={id} rows={4} readOnly onFocus={(event) => event.currentTarget.select()}>
              {uncopied}
            </textarea>
          )}
        </Field>
      )}
    </>
  );
}

async function writeToClipboard(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}

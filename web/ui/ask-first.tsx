/**
 * Actions of which one asks before it acts. The question takes their place and the focus, so that it is read out; when
 * it is answered, the focus goes back to where it was.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { unlessDoubleClick } from "./double-click";

interface AskFirstProps {
  question: string;
  yes: string;
  no: string;
  onYes: () => void;
  /** The actions; the one that asks calls `ask`. */
  children: (ask: () => void) => ComponentChildren;
}

export function AskFirst({ question, yes, no, onYes, children }: AskFirstProps) {
  const [asking, setAsking] = useState(false);
  const group = useRef<HTMLFieldSetElement>(null);
  const asker = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => (asking ? group.current : asker.current)?.focus(), [asking]);
  const ask = () => {
    asker.current = document.activeElement as HTMLElement | null;
    setAsking(true);
  };
  const answer = (agreed: boolean) => {
    setAsking(false);
    if (agreed) onYes();
  };
  return (
    <>
      {asking && (
        <fieldset ref={group} class="actions" tabIndex={-1} aria-label={question}>
          <span>{question}</span>
          <button type="button" class="button danger" onClick={unlessDoubleClick(() => answer(true))}>
            {yes}
          </button>
          <button type="button" class="button" onClick={() => answer(false)}>
            {no}
          </button>
        </fieldset>
      )}
      <div class="actions" hidden={asking}>
        {children(ask)}
      </div>
    </>
  );
}

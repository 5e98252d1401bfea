/**
 * A text's first lines, and a button that shows the rest. Screen readers and copying have all of it either way. Each text
 * needs a key of its own, or the next one would be as open as the one before.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../app/text";

export function LongText({ children }: { children: ComponentChildren }) {
  const paragraph = useRef<HTMLParagraphElement>(null);
  const [cut, setCut] = useState(false);
  const [whole, setWhole] = useState(false);
  useLayoutEffect(() => {
    const element = paragraph.current;
    if (!element || whole) return;
    const observer = new ResizeObserver(() => setCut(element.scrollHeight > element.clientHeight + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, [whole]);
  const turn = () => {
    setWhole(!whole);
    if (whole) requestAnimationFrame(() => paragraph.current?.scrollIntoView({ block: "nearest" }));
  };
  return (
    <>
      <p class={`long-text ${whole ? "" : "cut"}`} ref={paragraph}>
        {children}
      </p>
      {cut && (
        <button type="button" class="button quiet" onClick={turn}>
          {whole ? text.longText.less : text.longText.all}
        </button>
      )}
    </>
  );
}

/**
 * A text that may be long: its first lines, and a button for the others. Hidden is only what the eye would see: what
 * reads, finds or copies the text has all of it. To be given a key where another text can take its place.
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
    // Whether it is too long depends on its width, as when a phone is turned.
    const observer = new ResizeObserver(() => setCut(element.scrollHeight > element.clientHeight + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, [whole]);
  const turn = () => {
    setWhole(!whole);
    // From the end of a long text, its beginning is far above.
    if (whole) requestAnimationFrame(() => paragraph.current?.scrollIntoView({ block: "nearest" }));
  };
  return (
    <>
      <p class={whole ? "long-text" : "long-text cut"} ref={paragraph}>
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

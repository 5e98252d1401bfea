/** A fault as one sentence and one action that fits it. */
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { pendingCalls } from "../engine/client";
import { type Fault, needsFreshEngine } from "../engine/fault";
import { Notice } from "../ui/notice";
import { translatedSentence } from "./engine-words";
import { addressOf } from "./navigation";
import type { Screen } from "./screens";
import { openEngine, useHere } from "./studio";
import { text } from "./text";

interface FaultNoticeProps {
  fault: Fault;
  title?: string;
  onRetry?: (() => void) | undefined;
  onDismiss?: (() => void) | undefined;
}

/**
 * The sentence to show for a fault. A trap's own words mean nothing to a visitor and are only in the
 * browser's console. The engine speaks English: other languages translate its sentence or, if they don't know
 * it, name the kind of fault and quote the sentence.
 */
export function sentenceFor({ kind, message }: Fault): string {
  if (kind === "EngineStopped") return text.faults.engineStopped;
  const translated = translatedSentence(message);
  if (translated !== undefined) return translated;
  const ofKind = text.faults.ofKind[kind];
  return ofKind ? `${ofKind} (${message})` : message;
}

/** The sentence within other text, with the way to the setting that it is about. */
export const FaultSentence = ({ fault }: { fault: Fault }) => (
  <>
    {sentenceFor(fault)}{" "}
    {fault.kind === "MemoryLimit" && <a href={addressOf("models")}>{text.memoryLimit.change}</a>}
  </>
);

export function FaultNotice({ fault, title, onRetry, onDismiss }: FaultNoticeProps) {
  return (
    <Notice
      tone="problem"
      {...(title ? { title } : {})}
      actions={<FaultAction {...{ fault, onRetry, onDismiss }} />}
    >
      {sentenceFor(fault)}
    </Notice>
  );
}

/** The fault that a signal holds, until it is dismissed. */
export function HeldFault({ of, title }: { of: Signal<Fault | undefined>; title?: string }) {
  const fault = of.value;
  const dismiss = () => {
    of.value = undefined;
  };
  return fault ? <FaultNotice fault={fault} onDismiss={dismiss} {...(title ? { title } : {})} /> : null;
}

function FaultAction({
  fault,
  onRetry,
  onDismiss,
}: Pick<FaultNoticeProps, "fault" | "onRetry" | "onDismiss">) {
  if (needsFreshEngine(fault)) return <Restart onDismiss={onDismiss} />;
  if (fault.kind === "NoWebGpu" || fault.kind === "WasmBlocked" || fault.kind === "InsecurePage") {
    return <Way to="about" name={text.faults.details} />;
  }
  if (fault.kind === "OtherTab") return <TakeOver />;
  if (fault.kind === "Overflow") return <Way to="models" name={text.faults.overflow} />;
  if (onRetry) return <Action name={text.faults.retry} onClick={onRetry} />;
  return onDismiss ? <Action name={text.faults.dismiss} onClick={onDismiss} /> : null;
}

/** Restarts the engine. That breaks off its current work, so if there is any, the visitor is asked first. */
function Restart({ onDismiss }: Pick<FaultNoticeProps, "onDismiss">) {
  const [asking, setAsking] = useState(false);
  const restart = () => {
    if (!asking && pendingCalls.value > 0) {
      setAsking(true);
      return;
    }
    onDismiss?.();
    void openEngine();
  };
  return (
    <>
      <Action name={asking ? text.faults.restartAnyway : text.faults.restart} onClick={restart} />
      <span role="status">{asking ? text.faults.engineWorks : ""}</span>
    </>
  );
}

/** The other tab may be in the middle of something. */
function TakeOver() {
  const [refused, setRefused] = useState(false);
  return (
    <>
      <Action name={text.faults.useHere} onClick={async () => setRefused(!(await useHere()))} />
      <span role="status">{refused ? text.faults.otherTabWorks : ""}</span>
    </>
  );
}

const Way = ({ to, name }: { to: Screen; name: string }) => (
  <a class="button" href={addressOf(to)}>
    {name}
  </a>
);

const Action = ({ name, onClick }: { name: string; onClick: () => void }) => (
  <button type="button" class="button" onClick={onClick}>
    {name}
  </button>
);

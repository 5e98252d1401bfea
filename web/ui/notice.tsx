/** A sentence that matters now, with what can be done about it. */
import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

interface NoticeProps {
  tone: "problem" | "hint";
  title?: string;
  children: ComponentChildren;
  actions?: ComponentChildren;
}

export function Notice({ tone, title, children, actions }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "problem" ? "alert" : "note"}>
      <Icon name={tone === "problem" ? "warning" : "info"} />
      <div class="notice-body">
        {title && <strong>{title}</strong>}
        <div>{children}</div>
        {actions && <div class="actions">{actions}</div>}
      </div>
    </div>
  );
}

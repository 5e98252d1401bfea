/** Prompt and settings on one side, the picture on the other. */
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../app/announce";
import { text } from "../../app/text";
import { lazyScreen } from "../../ui/lazy-screen";
import { AdapterList } from "./adapter-list";
import { PromptForm } from "./prompt-form";
import { ResultPanel } from "./result-panel";
import { SettingsCard } from "./settings-card";
import { start } from "./start-picture";

const StartCard = lazyScreen(async () => (await import("./start-card")).StartCard);

export function GenerateScreen() {
  return (
    <div class="screen">
      <h1>{text.generate.title}</h1>
      <div class="generate">
        <PromptForm />
        <ResultPanel />
        <div class="generate-settings">
          <AdapterList />
          <StartSection />
          <SettingsCard />
        </div>
      </div>
    </div>
  );
}

/** Its content is fetched when it is first opened; a picture of the Gallery opens it. */
function StartSection() {
  const name = start.value?.name;
  const [open, setOpen] = useState(name !== undefined);
  useEffect(() => {
    if (name === undefined) return;
    setOpen(true);
    announce(text.generate.startTitle(name));
  }, [start.value]);
  return (
    <section class="card">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{text.generate.startTitle(name)}</summary>
        {open && <StartCard />}
      </details>
    </section>
  );
}

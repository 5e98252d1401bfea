/** Prompt and settings on one side, the picture on the other. */
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../app/announce";
import { addressOf, subject } from "../../app/navigation";
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import { lazyScreen } from "../../ui/lazy-screen";
import { AdapterList } from "./adapter-list";
import { PROMPT_FORM, PromptForm } from "./prompt-form";
import { ResultPanel } from "./result-panel";
import { SettingsCard } from "./settings-card";
import { start } from "./start-picture";

const GridScreen = lazyScreen(async () => (await import("./grid/grid-screen")).GridScreen);
const StartCard = lazyScreen(async () => (await import("./start-card")).StartCard);

export function GenerateScreen() {
  if (subject.value === "grid") return <GridScreen />;
  return (
    <div class="screen">
      <h1>{text.generate.title}</h1>
      <div class="generate">
        <PromptForm />
        <ResultPanel />
        <div class="generate-settings" data-form={PROMPT_FORM}>
          <AdapterList />
          <StartSection />
          <SettingsCard />
          <a class="button quiet grid-link" href={addressOf("generate", "grid")}>
            <Icon name="gallery" />
            {text.generate.toGrid}
          </a>
        </div>
      </div>
    </div>
  );
}

/** Section of the start picture. Its content is fetched at the first opening; a Gallery picture opens it. */
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

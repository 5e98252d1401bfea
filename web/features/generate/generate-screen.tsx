/** Prompt and settings on one side, the picture on the other. */
import { text } from "../../app/text";
import { AdapterList } from "./adapter-list";
import { PromptForm } from "./prompt-form";
import { ResultPanel } from "./result-panel";
import { SettingsCard } from "./settings-card";

export function GenerateScreen() {
  return (
    <div class="screen">
      <h1>{text.generate.title}</h1>
      <div class="generate">
        <PromptForm />
        <ResultPanel />
        <div class="generate-settings">
          <AdapterList />
          <SettingsCard />
        </div>
      </div>
    </div>
  );
}

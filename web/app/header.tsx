/** Name, screens and the state of device and model; on phones the screens move to a bar at the thumb. */
import { model } from "../features/models/model";
import { Icon } from "../ui/icon";
import { addressOf, screen } from "./navigation";
import { SCREENS, type Screen } from "./screens";
import { helpOpen } from "./shortcuts";
import { device } from "./studio";
import { text } from "./text";

export function Header() {
  return (
    <header class="header">
      <a class="brand" href={addressOf("personalize")}>
        <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 2.5c4.6 0 9 3.4 9 8.6 0 5.8-4.8 10.4-10.6 10.4C6 21.5 3 18.6 3 14.8 3 8.2 6.6 2.5 12 2.5z" />
          <circle cx="9.2" cy="9.8" r="2.4" />
        </svg>
        {text.appName}
      </a>
      <nav class="tabs" aria-label={text.navigation}>
        <ScreenLinks />
      </nav>
      <div class="header-end">
        <StatusPill />
        <button
          type="button"
          class="icon-button help-button"
          aria-label={text.help.open}
          title={text.help.open}
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          ?
        </button>
      </div>
    </header>
  );
}

export function TabBar() {
  return (
    <nav class="tab-bar" aria-label={text.navigation}>
      <ScreenLinks />
    </nav>
  );
}

/** Screens without a link on phones, whose bar has five: Adapters leads to Evaluate, Device to Models. */
const FURTHER: ReadonlySet<Screen> = new Set(["evaluate", "models"]);

const ScreenLinks = () =>
  SCREENS.map((name) => (
    <a
      key={name}
      class={FURTHER.has(name) ? "further" : undefined}
      href={addressOf(name)}
      aria-current={screen.value === name ? "page" : undefined}
    >
      <Icon name={name} />
      <span>{text.screens[name]}</span>
    </a>
  ));

function StatusPill() {
  const [tone, words] = status();
  return (
    <a class={`pill ${tone}`} href={addressOf("about")}>
      <span class="pill-dot" aria-hidden="true" />
      {words}
    </a>
  );
}

function status(): [tone: "good" | "busy" | "slow" | "bad", words: string] {
  if (device.value.state === "fault" || model.value.state === "fault") return ["bad", text.device.pillFault];
  if (device.value.state === "checking") return ["busy", text.device.pillChecking];
  if (model.value.state !== "ready") return ["busy", text.device.pillLoading];
  return device.value.report.software ? ["slow", text.device.pillSlow] : ["good", text.device.pillReady];
}

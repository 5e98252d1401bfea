/** The page's frame: header, the screen the address names, and the live region for announcements. */
import type { ComponentType } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { GenerateScreen } from "../features/generate/generate-screen";
import { TourCard } from "../features/help/tour-card";
import { LastModelNotice } from "../features/models/last-model-notice";
import { ModelNotice } from "../features/models/model-notice";
import { PersonalizeScreen } from "../features/personalize/personalize-screen";
import { lazyScreen } from "../ui/lazy-screen";
import { ProgressBar } from "../ui/progress-bar";
import { announcement } from "./announce";
import { FaultNotice } from "./fault-notice";
import { Header, TabBar } from "./header";
import { type Shown, screen } from "./navigation";
import { helpOpen } from "./shortcuts";
import { device, openEngine } from "./studio";
import { text } from "./text";
import { UndoNotice } from "./undo-notice";
import { UpdateNotice } from "./update-notice";
import { wiped } from "./wipe";
import { WipedPage } from "./wiped-page";

const VIEWS: Record<Shown, ComponentType> = {
  personalize: PersonalizeScreen,
  generate: GenerateScreen,
  gallery: lazyScreen(async () => (await import("../features/gallery/gallery-screen")).GalleryScreen),
  adapters: lazyScreen(async () => (await import("../features/adapters/adapters-screen")).AdaptersScreen),
  evaluate: lazyScreen(async () => (await import("../features/evaluate/evaluate-screen")).EvaluateScreen),
  models: lazyScreen(async () => (await import("../features/models/models-screen")).ModelsScreen),
  about: lazyScreen(async () => (await import("../features/about/about-screen")).AboutScreen),
  bench: lazyScreen(async () => (await import("../features/bench/bench-screen")).BenchScreen),
};

const HelpDialog = lazyScreen(async () => (await import("../features/help/help-dialog")).HelpDialog);

export function App() {
  const View = VIEWS[screen.value];
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const shown = screen.value;
  // Runs whenever another screen shows.
  useLayoutEffect(() => {
    // A screen reader goes on from the new screen's top, not from the link that led there.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [shown]);
  if (wiped.value) return <WipedPage />;
  return (
    <>
      <button type="button" class="skip-link" onClick={() => main.current?.focus()}>
        {text.skipToContent}
      </button>
      <Header />
      <main id="content" tabIndex={-1} ref={main}>
        <TourCard />
        <UpdateNotice />
        {device.value.state === "fault" && shown !== "about" && (
          <div class="start-fault">
            <FaultNotice fault={device.value.fault} onRetry={openEngine} />
          </div>
        )}
        {device.value.state === "checking" && <Starting />}
        <ModelNotice />
        <LastModelNotice />
        <View />
        <UndoNotice />
      </main>
      <TabBar />
      {helpOpen.value && <HelpDialog />}
      <p class="visually-hidden" role="status">
        {announcement}
      </p>
    </>
  );
}

/** Has place and size of the model notice that replaces it during loading, so that nothing below jumps. */
function Starting() {
  return (
    <section class="card model-notice" aria-label={text.model.title}>
      <h2>{text.model.title}</h2>
      <ProgressBar label={text.device.checking} />
      <p class="hint">{text.model.hint}</p>
    </section>
  );
}

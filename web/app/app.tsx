/** The page's frame: header, the screen the address names, and the live region for announcements. */
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { GenerateScreen } from "../features/generate/generate-screen";
import { ModelNotice } from "../features/models/model-notice";
import { PersonalizeScreen } from "../features/personalize/personalize-screen";
import { lazyScreen } from "../ui/lazy-screen";
import { announcement } from "./announce";
import { FaultNotice } from "./fault-notice";
import { Header, TabBar } from "./header";
import { type Shown, screen } from "./navigation";
import { device, openEngine } from "./studio";
import { text } from "./text";

const VIEWS: Record<Shown, ComponentType> = {
  personalize: PersonalizeScreen,
  generate: GenerateScreen,
  gallery: lazyScreen(async () => (await import("../features/gallery/gallery-screen")).GalleryScreen),
  adapters: lazyScreen(async () => (await import("../features/adapters/adapters-screen")).AdaptersScreen),
  models: lazyScreen(async () => (await import("../features/models/models-screen")).ModelsScreen),
  about: lazyScreen(async () => (await import("../features/about/about-screen")).AboutScreen),
  bench: lazyScreen(async () => (await import("../features/bench/bench-screen")).BenchScreen),
};

export function App() {
  const View = VIEWS[screen.value];
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const shown = screen.value;
  // Whenever another screen shows.
  useEffect(() => {
    // A screen reader goes on from the new screen's top, not from the link that led there.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [shown]);
  return (
    <>
      <a class="skip-link" href="#content">
        {text.skipToContent}
      </a>
      <Header />
      <main id="content" tabIndex={-1} ref={main}>
        {device.value.state === "fault" && shown !== "about" && (
          <FaultNotice fault={device.value.fault} onRetry={openEngine} />
        )}
        <ModelNotice />
        <View />
      </main>
      <TabBar />
      <p class="visually-hidden" role="status">
        {announcement}
      </p>
    </>
  );
}

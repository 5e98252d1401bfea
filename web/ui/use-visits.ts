/** Runs the work when its screen is shown, and again whenever the visitor comes back to the tab: another may have changed what is kept. */
import { useEffect } from "preact/hooks";

export function useVisits(work: () => void): void {
  useEffect(() => {
    const visit = () => {
      if (!document.hidden) work();
    };
    work();
    document.addEventListener("visibilitychange", visit);
    return () => document.removeEventListener("visibilitychange", visit);
  }, []);
}

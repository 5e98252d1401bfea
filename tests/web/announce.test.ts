/** What a screen reader is told. */
import { afterEach, expect, test, vi } from "vitest";
import { announce, announcement } from "../../web/app/announce";

afterEach(() => {
  vi.useRealTimers();
});

test("the same words once more are news, and of two at once the latter is heard", () => {
  vi.useFakeTimers();
  const heard: string[] = [];
  const stop = announcement.subscribe((words) => {
    if (words) heard.push(words);
  });
  announce("Drawn.");
  vi.runAllTimers();
  announce("Drawn.");
  vi.runAllTimers();
  announce("First.");
  announce("Second.");
  vi.runAllTimers();
  stop();
  expect(heard).toEqual(["Drawn.", "Drawn.", "Second."]);
});

/** What a report contains besides the device: version of the page, browser, and storage space. */
import { version } from "../../../package.json";
import { gigabytes } from "../../app/format";
import { language } from "../../app/language";
import { text } from "../../app/text";
import { model } from "../models/model";

export type Fact = [name: string, value: string];

/** Facts for a report. None of them identifies the visitor. */
export function pageFacts({ usage, quota }: StorageEstimate): Fact[] {
  const words = text.about;
  return [
    [text.appName, version],
    [words.modelTitle, model.value.state === "ready" ? model.value.report.name : model.value.state],
    [words.languageTitle, language],
    [words.window, `${innerWidth} × ${innerHeight} @ ${devicePixelRatio}`],
    [words.cores, String(navigator.hardwareConcurrency)],
    ...(usage !== undefined && quota !== undefined
      ? [[words.storage, `${gigabytes(usage)} / ${gigabytes(quota)}`] satisfies Fact]
      : []),
    [words.browser, navigator.userAgent],
  ];
}

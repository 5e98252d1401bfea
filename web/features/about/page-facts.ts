/** What a report needs to know beside the device: which page, in which browser, with how much room. */
import { version } from "../../../package.json";
import { gigabytes } from "../../app/format";
import { language } from "../../app/language";
import { text } from "../../app/text";
import { model } from "../models/model";

export type Fact = [name: string, value: string];

/** Nothing of it says who somebody is. */
export async function pageFacts(): Promise<Fact[]> {
  const { usage, quota } = (await navigator.storage?.estimate()) ?? {};
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

import { describe, expect, test } from "vitest";
import { needsFreshEngine, toFault } from "../../web/engine/fault";
import { JobControl } from "../../web/engine/worker/job-control";
import { Turns } from "../../web/engine/worker/turns";

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("turns", () => {
  test("the next call waits for the one before", async () => {
    const turns = new Turns();
    const order: string[] = [];
    const slow = turns.take(async () => {
      order.push("first in");
      await later(5);
      order.push("first out");
    });
    const quick = turns.take(() => order.push("second"));
    await Promise.all([slow, quick]);
    expect(order).toEqual(["first in", "first out", "second"]);
  });

  test("a failure reaches its caller only", async () => {
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error("no")));
    const next = turns.take(() => 7);
    await expect(failed).rejects.toThrow("no");
    await expect(next).resolves.toBe(7);
  });
});

describe("job control", () => {
  test("a paused job waits for resume", async () => {
    const control = new JobControl();
    control.command("pause");
    let ready = false;
    const waiting = control.ready().then(() => {
      ready = true;
    });
    await later(5);
    expect(ready).toBe(false);
    control.command("resume");
    await waiting;
    expect(control.stopped || control.cancelled).toBe(false);
  });

  test("a paused job says that it stands still once its state is saved", async () => {
    const control = new JobControl();
    const order: string[] = [];
    control.save = async () => {
      await later(5);
      order.push("saved");
    };
    control.halted = () => order.push("halted");
    control.command("save");
    await control.ready();
    expect(order).toEqual(["saved"]);
    control.command("pause");
    const waiting = control.ready();
    await later(10);
    expect(order).toEqual(["saved", "saved", "halted"]);
    control.command("resume");
    await waiting;
    await control.ready();
    expect(order).toHaveLength(3);
  });

  test("a job that goes on while it saves doesn't say that it stands still", async () => {
    const control = new JobControl();
    control.save = async () => control.command("resume");
    control.halted = () => expect.unreachable();
    control.command("pause");
    await control.ready();
  });

  test("cancel ends a pause, and nothing undoes it", async () => {
    const control = new JobControl();
    control.command("pause");
    const waiting = control.ready();
    control.command("cancel");
    await waiting;
    control.command("resume");
    control.command("stop");
    expect([control.cancelled, control.stopped]).toEqual([true, false]);
  });
});

test("errors become faults by their name", () => {
  const lost = Object.assign(new Error("The GPU went away."), { name: "DeviceLost" });
  expect(toFault(lost)).toEqual({ kind: "DeviceLost", message: "The GPU went away." });
  expect(needsFreshEngine(toFault(lost))).toBe(true);
  expect(toFault(new WebAssembly.RuntimeError("unreachable")).kind).toBe("EngineStopped");
  expect(toFault(new TypeError("x")).kind).toBe("Internal");
  const unreadable = toFault(new DOMException("x", "NotReadableError"));
  expect([unreadable.kind, needsFreshEngine(unreadable)]).toEqual(["LocalFile", false]);
  expect(toFault("odd")).toEqual({ kind: "Internal", message: "odd" });
  expect(needsFreshEngine({ kind: "BadSettings", message: "" })).toBe(false);
});

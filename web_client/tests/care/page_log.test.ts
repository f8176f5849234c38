import { describe, expect, it } from "vitest";
import { listenToConsole, PageLog, type PageLine } from "../../src/care/page_log";
import { WorkerLog } from "../../src/worker/worker_log";

function fakeConsole() {
  const written: unknown[][] = [];
  const write = (...values: unknown[]): void => void written.push(values);
  return { written, log: write, info: write, warn: write, error: write };
}

describe("the page's log", () => {
  it("keeps the last 60 lines with their times, and writes them into the console as before", () => {
    const target = fakeConsole();
    const log = new PageLog();
    listenToConsole(target, (line) => log.add(line));
    for (let i = 0; i < 70; i++) target.info("line", i, { i });
    expect(target.written).toHaveLength(70);
    expect(log.lines()).toHaveLength(60);
    expect(log.lines()[0]).toMatch(/^\d\d:\d\d:\d\d\.\d\d\d info line 10 \{"i":10\}$/);
    expect(log.lines().at(-1)).toMatch(/ info line 69 /);
  });

  it("takes anything that a console takes", () => {
    const target = fakeConsole();
    const log = new PageLog();
    listenToConsole(target, (line) => log.add(line));
    const round: Record<string, unknown> = {};
    round["self"] = round;
    target.error(new Error("broken"), round, null, undefined, 1n, Symbol("s"));
    target.warn("x".repeat(5000));
    expect(log.lines()[0]).toContain("error Error: broken");
    expect(log.lines()[0]).toMatch(/…$/);
    target.error(round, null, undefined, 1n, Symbol("s"));
    expect(log.lines()[2]).toMatch(/error \[object Object\] null undefined 1 Symbol\(s\)$/);
    expect(log.lines()[1]?.length).toBeLessThan(450);
  });

  it("gets the worker's lines in batches, and at once before a failure", () => {
    const target = fakeConsole();
    const posted: PageLine[][] = [];
    let due: (() => void) | null = null;
    const log = new WorkerLog(target, (lines) => void posted.push(lines), (work) => ((due = work), 1));
    target.info("a");
    target.info("b");
    expect(posted).toEqual([]);
    (due as (() => void) | null)?.();
    expect(posted.map((lines) => lines.map(({ text }) => text))).toEqual([["a", "b"]]);
    for (let i = 0; i < 100; i++) target.warn(`w${i}`);
    log.flush();
    log.flush();
    expect(posted[1]).toHaveLength(60);
    expect(posted[1]?.at(-1)?.text).toBe("w99");
    expect(posted).toHaveLength(2);
  });
});

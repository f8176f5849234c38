import { expect, test } from "vitest";
import { type GlobalsChange, KnownGlobals, withChange } from "../src/globals_change";

/** A holder of the dict that tells the other side what it changed, as the page's frame and the worker do. */
class Side {
  values: Record<string, unknown>;
  readonly sent: GlobalsChange[] = [];
  private readonly told: KnownGlobals;

  constructor(values: Record<string, unknown>) {
    this.values = { ...values };
    this.told = new KnownGlobals(values);
  }

  set(change: Partial<GlobalsChange>): void {
    this.values = withChange(this.values, { values: {}, removed: [], ...change });
    const news = this.told.news(this.values);
    if (news) this.sent.push(news);
  }

  take(change: GlobalsChange): void {
    this.told.learn(change);
    this.values = withChange(this.values, change);
  }
}

test("two changes that cross on the way both stay", () => {
  const [page, frame] = [new Side({ kept: 1 }), new Side({ kept: 1 })];
  page.set({ values: { condition: "b" } });
  frame.set({ values: { of_the_page: true } });
  for (const change of page.sent) frame.take(change);
  for (const change of frame.sent) page.take(change);
  expect(page.values).toEqual({ kept: 1, condition: "b", of_the_page: true });
  expect(frame.values).toEqual(page.values);
});

test("a removed name goes on the other side too, and only there where it was removed", () => {
  const [page, frame] = [new Side({ a: 1, b: 2 }), new Side({ a: 1, b: 2 })];
  frame.set({ removed: ["a"] });
  page.set({ values: { c: 3 } });
  for (const change of page.sent) frame.take(change);
  for (const change of frame.sent) page.take(change);
  expect(page.values).toEqual({ b: 2, c: 3 });
  expect(frame.values).toEqual(page.values);
});

test("what was told or learnt is not told again, and a change inside a value is told", () => {
  const list = [1];
  const side = new Side({ list });
  side.set({ values: { list } });
  expect(side.sent).toEqual([]);
  list.push(2);
  side.set({ values: { x: undefined } });
  expect(side.sent).toEqual([{ values: { list: [1, 2], x: null }, removed: [] }]);
  side.take({ values: { hook: 1 }, removed: ["list"] });
  side.set({ values: { hook: 1 } });
  expect(side.sent).toHaveLength(1);
});

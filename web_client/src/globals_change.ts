/**
 * What changed of a participant's `mug_globals`. The page, the frame of a study's HTML, and the worker each hold the dict,
 * and any of them may change it: they tell each other only what changed, so that two changes that cross on the way do not
 * undo each other. Pure.
 */
export interface GlobalsChange {
  values: Record<string, unknown>;
  removed: string[];
}

/** The dict after a change. */
export function withChange(globals: Record<string, unknown>, change: GlobalsChange): Record<string, unknown> {
  const after = { ...globals, ...change.values };
  for (const name of change.removed) delete after[name];
  return after;
}

/** What the other side knows of the dict. Values are compared as JSON: a changed list within a value counts, too. */
export class KnownGlobals {
  private known = new Map<string, string>();

  constructor(values: Record<string, unknown>) {
    this.learn({ values, removed: [] });
  }

  /** The other side has this change now. */
  learn(change: GlobalsChange): void {
    for (const [name, value] of Object.entries(change.values)) this.known.set(name, asJson(value));
    for (const name of change.removed) this.known.delete(name);
  }

  /** What the other side does not know of `values`, from now on known; null: nothing. */
  news(values: Record<string, unknown>): GlobalsChange | null {
    const change: GlobalsChange = { values: {}, removed: [] };
    for (const [name, value] of Object.entries(values)) {
      const text = asJson(value);
      if (text !== this.known.get(name)) change.values[name] = JSON.parse(text) as unknown;
    }
    for (const name of this.known.keys()) if (!(name in values)) change.removed.push(name);
    if (Object.keys(change.values).length === 0 && change.removed.length === 0) return null;
    this.learn(change);
    return change;
  }
}

/** What JSON has no word for, as `undefined` or a function, is null. */
function asJson(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

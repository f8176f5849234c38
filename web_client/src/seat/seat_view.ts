/** The desk's page as it is seen: its name, large; what is checked; whether it is ready. */
import { ProgressView } from "../scenes/notices";
import { element } from "../view/dom";
import { LABELS, overall, type Check, type CheckState } from "./checks";

const WORDS: Readonly<Record<CheckState, string>> = {
  good: "Ready. Please wait for the experimenter.",
  wait: "Getting ready…",
  bad: "This desk needs a look.",
};
const SIGNS: Readonly<Record<CheckState, string>> = { good: "✓", wait: "…", bad: "!" };
const STATES: Readonly<Record<CheckState, string>> = { good: "good", wait: "not known yet", bad: "needs a look" };

interface Row {
  item: HTMLElement;
  sign: HTMLElement;
  state: HTMLElement;
  text: HTMLElement;
}

export class SeatView {
  readonly view: HTMLElement;
  private readonly words: HTMLElement;
  private readonly study: HTMLElement;
  private readonly progress = new ProgressView("Loading Python");
  private readonly rows = new Map<string, Row>();
  private readonly list: HTMLElement;

  constructor(desk: string) {
    this.words = element("p", { class: "seat-words", role: "status", "aria-live": "polite", "data-mug": "seat-words" }, WORDS.wait);
    this.study = element("p", { class: "seat-study" });
    this.list = element("ul", { class: "seat-checks", "aria-label": "Checks" });
    const name = element("h1", { class: "seat-name" }, desk);
    name.style.fontSize = `max(2rem, min(9rem, ${Math.round(100 / Math.max(desk.length, 1))}vw))`;
    this.view = element(
      "main",
      { class: "seat-page", "data-mug": "seat", "data-state": "wait" },
      name,
      this.study,
      this.words,
      this.progress.view,
      this.list,
    );
  }

  setStudy(title: string): void {
    this.study.textContent = title;
  }

  update(checks: readonly Check[]): void {
    const state = overall(checks);
    this.view.dataset["state"] = state;
    if (this.words.textContent !== WORDS[state]) this.words.textContent = WORDS[state];
    const python = checks.find(({ name }) => name === "runtime");
    const loading = python?.state === "wait";
    this.progress.view.classList.toggle("done", !loading);
    if (python && loading) this.progress.update(python.value ?? 0, python.text);
    for (const check of checks) this.show(check);
  }

  private show({ name, state, text }: Check): void {
    const row = this.rows.get(name) ?? this.add(name);
    row.item.dataset["state"] = state;
    row.sign.textContent = SIGNS[state];
    row.state.textContent = `(${STATES[state]}) `;
    if (row.text.textContent !== text) row.text.textContent = text;
  }

  private add(name: string): Row {
    const sign = element("span", { class: "seat-sign", "aria-hidden": "true" });
    const state = element("span", { class: "seat-state" });
    const text = element("span", { class: "seat-text" });
    const label = element("span", { class: "seat-label" }, LABELS[name] ?? name);
    const item = element("li", { "data-check": name }, sign, label, state, text);
    this.list.append(item);
    const row = { item, sign, state, text };
    this.rows.set(name, row);
    return row;
  }
}

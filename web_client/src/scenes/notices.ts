/** Pages of our own: what is happening, what went wrong, and what the participant can do. */
import { element } from "../view/dom";
import { codeBox, type Ending } from "./ending";

export interface Notice {
  title: string;
  text: string;
  /** A moving sign that something is going on. */
  working?: boolean;
  alert?: boolean;
  action?: { label: string; run(): void };
}

export function noticePage(notice: Notice): HTMLElement {
  const section = element("section", { class: "notice", role: notice.alert ? "alert" : "status" });
  if (notice.working) section.append(element("div", { class: "working", "aria-hidden": "true" }));
  section.append(element("h1", {}, notice.title));
  for (const paragraph of notice.text.split("\n")) if (paragraph) section.append(element("p", {}, paragraph));
  if (notice.action) {
    const button = element("button", { type: "button", class: "button", "data-mug": "retry" }, notice.action.label);
    button.addEventListener("click", notice.action.run);
    section.append(button);
  }
  return element("main", { class: "notice-page" }, section);
}

/** A progress bar with words. */
export class ProgressView {
  readonly view: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly words: HTMLElement;
  private shown = 0;

  constructor(label: string) {
    this.bar = element("div", { class: "progress-bar" });
    this.words = element("p", { class: "progress-words" });
    const track = element("div", {
      class: "progress",
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    }, this.bar);
    this.view = element("div", { class: "progress-view" }, track, this.words);
    this.update(0, "");
  }

  /** The bar never goes back. */
  update(fraction: number, words: string): void {
    this.shown = Math.max(this.shown, Math.min(1, fraction));
    this.bar.style.transform = `scaleX(${this.shown})`;
    this.bar.parentElement?.setAttribute("aria-valuenow", String(Math.round(this.shown * 100)));
    this.bar.parentElement?.setAttribute("aria-valuetext", words);
    this.words.textContent = words;
  }
}

export function loadingPage(title: string, progress: ProgressView): HTMLElement {
  return element("main", { class: "notice-page" }, element("section", { class: "notice" }, element("h1", {}, title), progress.view));
}

/** Loading makes no progress; it may still. */
export function slowPage(progress: ProgressView): HTMLElement {
  const page = noticePage({
    title: "Preparing the game takes unusually long",
    text: "You can wait, or load the page again: nothing is lost. If it does not help, tell the person who runs the study.",
    action: { label: "Load the page again", run: () => window.location.reload() },
  });
  page.querySelector("section")?.append(progress.view);
  return page;
}

/** Beside a button that Enter presses too. */
export function enterHint(): HTMLElement {
  return element("p", { class: "enter-hint" }, "or press Enter");
}

export function failurePage(
  title = "The game cannot go on",
  text = "Something in the game's program failed. It is not your fault, and what you did so far is saved.\nPlease tell the person who runs the study. They can see the reason on their screen.",
): HTMLElement {
  return noticePage({ title, text, alert: true, action: { label: "Try again", run: () => window.location.reload() } });
}

/** The server shows something that came after this page was built. */
export function unknownScenePage(): HTMLElement {
  const text =
    "The study goes on with a kind of page that is not known here. Load the page again; what you did so far is saved.\n" +
    "If it does not help, please tell the person who runs the study.";
  return noticePage({
    title: "This page is out of date",
    text,
    alert: true,
    action: { label: "Load the page again", run: () => window.location.reload() },
  });
}

/** What a participant can do when loading the page again does not help. */
export function troubleHelp(code: string | null, url: string | null): HTMLElement {
  const help = element("div", { class: "trouble", role: "status", "data-mug": "trouble" });
  help.append(element("p", {}, "If that does not help, you can stop here. Please tell the person who runs the study, and hand in this code:"));
  if (code) help.append(codeBox(code));
  if (url) help.append(element("p", {}, element("a", { href: url, "data-mug": "stop-here" }, "Stop here")));
  return help;
}

/** A page of our own that ends a participation: why, the code, the way on. */
export function endingPage(title: string, text: string, ending: Ending): HTMLElement {
  const page = noticePage({ title, text });
  page.querySelector("section")?.append(...ending.parts);
  return page;
}

/** The titles of the pages that end or refuse a participation; the sentence below is the server's. */
const TITLES: Readonly<Record<string, string>> = {
  protocol: "This page is out of date",
  build: "This page is out of date",
  token: "This address is in use on another computer or browser",
  second_tab: "The study is already open in another tab",
  finished: "You have already taken part",
  full: "The study is full",
  closed: "The session is over",
  bad_id: "This address is not right",
  excluded: "The study ends here for you",
  screened_out: "You cannot take part",
  no_partner: "No partner was found",
  partner_left: "Your partner has left",
  technical: "The study could not go on",
  session_ended: "The session has ended",
  complete: "Thank you for taking part",
  replaced: "The study goes on in another window",
};

const ENDED: ReadonlySet<string> = new Set(["finished", "closed", "session_ended", "no_partner", "partner_left", "technical", "complete"]);

/** The phase of the page that says so. */
export function refusedPhase(reason: string): "ended" | "excluded" | "error" {
  if (reason === "excluded" || reason === "screened_out") return "excluded";
  return ENDED.has(reason) ? "ended" : "error";
}

export function titleFor(reason: string): string {
  return TITLES[reason] ?? "The study cannot go on here";
}

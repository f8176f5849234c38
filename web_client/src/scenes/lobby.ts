/** The pages between Start and the first picture of a game of several people. */
import type { MatchWaiting } from "../protocol/messages";
import { element } from "../view/dom";
import { noticePage } from "./notices";
import { clockWords, WaitClock } from "./wait_clock";

/** Connecting that takes longer than this gets another sentence. */
const SLOW_MS = 12_000;
/** Timers may fire a little early. */
const TICK_SLACK_MS = 5;
/** More places than this are not drawn one by one. */
const MAX_DRAWN = 12;

export interface LobbyOptions {
  /** How many people are needed, this one included. */
  people: number;
  hideCount: boolean;
  /** What begins when everybody is there. */
  before: "game" | "study";
  /** What the tab's title says of the wait. */
  titled(note: string): void;
}

/** What happens now, by the stage of `MatchWaiting` and how many are needed. */
export function stageWords(stage: string, people: number, before: LobbyOptions["before"], plenty: boolean): string {
  const several = people > 2;
  switch (stage) {
    case "probing":
      return several ? "Checking the connection to the other participants…" : "Checking the connection to the other participant…";
    case "held":
      return before === "game" ? "The experimenter starts the game in a moment." : "The experimenter lets you go on in a moment.";
    case "returning":
      return several ? "Waiting for your partners from before…" : "Waiting for your partner from before…";
    default:
      // Enough are here and it has not begun: too far from each other, or the study keeps them apart.
      if (plenty) return "Looking for people who can play together…";
      return before === "game" ? "The game begins by itself as soon as everyone is here." : "The study goes on by itself as soon as everyone is here.";
  }
}

export function titleWords(stage: string, people: number): string {
  if (stage === "held") return "Everyone is here";
  return people > 2 ? "Waiting for the other participants" : "Waiting for another participant";
}

/** `waiting` 0: the study does not say. */
export function countWords(waiting: number, needed: number): string {
  return waiting > needed ? `${waiting} people are here; ${needed} are needed.` : `${waiting} of ${needed} people are here.`;
}

/** The waitroom. Every line has its place from the start: nothing moves when the words change. */
export class LobbyPage {
  readonly view: HTMLElement;
  private readonly places = element("div", { class: "lobby-places", "aria-hidden": "true" });
  private readonly title = element("h1");
  private readonly count = element("p", { class: "lobby-count", "data-mug": "lobby-count" });
  private readonly stage = element("p", { class: "lobby-stage", "data-mug": "lobby-stage" });
  private readonly waited = element("span", { "data-mug": "lobby-waited" });
  private readonly left = element("span", { "data-mug": "lobby-left" });
  private readonly bar = element("div", { class: "lobby-bar" });
  private readonly time = element("div", { class: "lobby-time", role: "timer", "aria-live": "off" });
  private readonly clock: WaitClock;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private heard: Pick<MatchWaiting, "waiting" | "needed" | "stage">;
  private connected = true;

  constructor(
    private readonly options: LobbyOptions,
    private readonly now: () => number = () => performance.now(),
  ) {
    const { people, hideCount } = options;
    this.clock = new WaitClock(now());
    this.heard = { waiting: hideCount ? 0 : 1, needed: people, stage: "waiting" };
    // Read out when it changes; the seconds are not.
    const news = element("div", { role: "status" }, ...(hideCount ? [] : [this.count]), this.stage);
    const track = element("div", { class: "lobby-track" }, this.bar);
    this.time.append(track, element("p", {}, this.waited, this.left));
    const section = element(
      "section",
      { class: "notice lobby" },
      hideCount ? element("div", { class: "working", "aria-hidden": "true" }) : this.places,
      this.title,
      news,
      this.time,
      element("p", { class: "lobby-hint" }, "Please keep this page open."),
    );
    this.view = element("main", { class: "notice-page", "data-mug": "lobby" }, section);
    this.write();
    this.writeTime();
  }

  update(message: Pick<MatchWaiting, "waiting" | "needed" | "stage" | "waited_ms" | "timeout_ms">): void {
    const { waiting, needed, stage } = message;
    this.heard = { waiting, needed, stage };
    this.clock.heard(message.waited_ms, message.timeout_ms, this.now());
    this.write();
    this.writeTime();
  }

  connectionChanged(open: boolean): void {
    this.connected = open;
    this.write();
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.options.titled("");
  }

  private write(): void {
    const { waiting, needed, stage } = this.heard;
    const { people, hideCount, before, titled } = this.options;
    const counted = !hideCount && waiting > 0;
    // Whose group is complete has nothing to do with the others who wait.
    const counting = stage === "held" ? Math.min(waiting, needed) : waiting;
    this.view.dataset["mugStage"] = this.connected ? stage : "lost";
    say(this.title, titleWords(stage, people));
    if (counted) {
      say(this.count, countWords(counting, needed));
      this.drawPlaces(Math.min(waiting, needed), needed);
    }
    const plenty = counted && waiting >= needed;
    // The line at the bottom says that the connection is interrupted; this one what follows from it.
    say(this.stage, this.connected ? stageWords(stage, people, before, plenty) : "The wait goes on by itself as soon as the connection is back.");
    titled(counted ? `Waiting (${Math.min(waiting, needed)} of ${needed})` : "Waiting");
  }

  private drawPlaces(taken: number, needed: number): void {
    const drawn = needed <= MAX_DRAWN ? needed : 0;
    while (this.places.children.length > drawn) this.places.lastChild?.remove();
    while (this.places.children.length < drawn) this.places.append(element("span", { class: "lobby-place" }));
    [...this.places.children].forEach((place, number) => place.classList.toggle("taken", number < taken));
  }

  /** Once a second, at the moment when the numbers change. */
  private writeTime(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const now = this.now();
    const { waitedS, leftS, fraction } = this.clock.at(now);
    say(this.waited, `Waiting for ${clockWords(waitedS)}`);
    say(this.left, leftS === null ? "" : leftS > 0 ? `at most ${clockWords(leftS)} more` : "a moment more");
    this.time.classList.toggle("endless", leftS === null);
    this.bar.style.transform = `scaleX(${fraction ?? 0})`;
    this.timer = setTimeout(() => this.writeTime(), this.clock.untilNext(now) + TICK_SLACK_MS);
  }
}

export class ConnectingPage {
  readonly view: HTMLElement;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(people: number, comesBack = false) {
    this.view = noticePage({
      title: comesBack ? "Going back to your game" : "Everyone is here",
      text: people > 2 ? "Connecting you with the other players…" : "Connecting you with your partner…",
      working: true,
    });
    this.timer = setTimeout(() => {
      this.view.querySelector("section")?.append(element("p", {}, "This takes longer than usual. Please wait; the game begins by itself."));
    }, SLOW_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

/** Only what changes is written: a live region reads out what is written. */
function say(where: HTMLElement, words: string): void {
  if (where.textContent !== words) where.textContent = words;
}

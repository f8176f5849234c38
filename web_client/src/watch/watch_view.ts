/** What the watching page shows: head, picture, controls, what each agent does; and, instead of it, why there is nothing to see. */
import type { Renderer } from "../render/renderer";
import type { MatchDescription, MatchGlance } from "./api";
import { drawMarks, flagPlaces, lookOf, STATUS_LOOKS, type FlagPlace } from "./marks";
import { SPEEDS, type Playback } from "./playback";
import type { AgentNow, StatusRun, WatchedView } from "./rpc";

export interface WatchPort {
  toggle(): void;
  follow(on: boolean): void;
  step(frames: number): void;
  seek(frame: number): void;
  toStart(): void;
  toEnd(): void;
  round(episode: number): void;
  speed(speed: number): void;
  recorder(who: string): void;
  /** Show the game as this agent sees it. */
  seenBy(agent: string): void;
}

const STATE_WORDS: Readonly<Record<MatchGlance["state"], string>> = { live: "Live", over: "Replay", unfinished: "Replay, without an end" };

/** Below the picture nothing may be out of sight; more than this the window's rounding does not take. */
const SLACK_PX = 12;
const LEAST_HEIGHT_PX = 200;
const MOST_SCALE = 2;

function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export class WatchView {
  private readonly badge = make("span", { class: "badge" });
  private readonly title = make("h1");
  private readonly about = make("p", { class: "about" });
  private readonly told = make("p", { class: "told", role: "alert", hidden: "", "data-watch": "told" });
  private readonly notes = make("ul", { class: "notes", hidden: "" });
  private readonly pictures = make("li", { hidden: "" });
  private readonly say = make("p", { class: "say", role: "status", "data-watch": "say" });
  private readonly hud = make("div", { class: "hud" });
  private readonly stage = make("div", { class: "stage", role: "img", "aria-label": "The game, as the participants saw it", "data-watch": "stage" });
  private readonly place = make("span", { class: "place", "data-watch": "place" });
  private readonly proof = make("span", { class: "proof", "data-watch": "proof" });
  private readonly play = make("button", { type: "button", class: "main" }, "Play");
  private readonly follow = make("button", { type: "button", "aria-pressed": "false", title: "L" }, "Follow");
  private readonly bar = make("input", { type: "range", min: "0", max: "0", step: "1", value: "0", "aria-label": "Frame" });
  private readonly marks = make("canvas", { class: "marks", "aria-hidden": "true" });
  private readonly legend = make("p", { class: "legend" });
  private readonly rounds = make("select", { "aria-label": "Round" });
  private readonly speeds = make("select", { "aria-label": "Speed" });
  private readonly recorders = make("select", { "aria-label": "Whose rows" });
  private readonly viewers = make("select", { "aria-label": "As seen by" });
  private readonly rows = make("tbody");
  private readonly seed = make("p", { class: "about" });
  private readonly main: HTMLElement;
  private readonly controls: HTMLElement;
  private readonly track: HTMLElement;
  private readonly moving: HTMLElement[];
  private readonly eyes: HTMLElement;
  private readonly whose: HTMLElement;
  private renderer: Renderer | null = null;
  private size = { width: 600, height: 400 };
  private flags: FlagPlace[] = [];
  private standing: readonly string[] = [];
  private toldNotes: string | null = null;
  private fitted: readonly [number, number] = [0, 0];
  private drawn = "";
  private cells = new Map<string, Record<"action" | "status" | "reward" | "total", HTMLElement>>();

  constructor(
    private readonly root: HTMLElement,
    port: WatchPort,
  ) {
    const button = (text: string, words: string, work: () => void): HTMLButtonElement => {
      const made = make("button", { type: "button", "aria-label": words, title: words }, text);
      made.addEventListener("click", work);
      return made;
    };
    this.play.addEventListener("click", () => port.toggle());
    this.follow.addEventListener("click", () => port.follow(this.follow.getAttribute("aria-pressed") !== "true"));
    this.bar.addEventListener("input", () => port.seek(Number(this.bar.value)));
    this.rounds.addEventListener("change", () => port.round(Number(this.rounds.value)));
    this.speeds.addEventListener("change", () => port.speed(Number(this.speeds.value)));
    this.recorders.addEventListener("change", () => port.recorder(this.recorders.value));
    this.viewers.addEventListener("change", () => port.seenBy(this.viewers.value));
    for (const speed of SPEEDS) this.speeds.append(make("option", { value: String(speed) }, `${speed}×`));
    this.moving = [
      this.play,
      button("⇤", "First frame (Home)", () => port.toStart()),
      button("‹", "One frame back (←)", () => port.step(-1)),
      button("›", "One frame on (→)", () => port.step(1)),
      button("⇥", "Last frame (End)", () => port.toEnd()),
      this.follow,
      make("label", {}, "Round ", this.rounds),
      make("label", {}, "Speed ", this.speeds),
    ];
    this.eyes = make("label", { hidden: "" }, "As seen by ", this.viewers);
    this.controls = make("div", { class: "controls", role: "group", "aria-label": "Playing" }, ...this.moving, this.eyes, this.place);
    this.whose = make("label", { hidden: "" }, "Rows as recorded by ", this.recorders);
    const head = ["Agent", "Action", "How", "Reward", "So far"].map((text) => make("th", { scope: "col" }, text));
    const table = make("table", {}, make("caption", {}, "At this frame"), make("thead", {}, make("tr", {}, ...head)), this.rows);
    const picture = make("section", { class: "picture", "aria-label": "Picture" }, this.hud, this.stage);
    const side = make("section", { class: "side", "aria-label": "Agents" }, table, this.whose, this.seed, this.proof, this.notes);
    this.track = make("div", { class: "track" }, this.bar, this.marks, this.legend);
    this.main = make("main", { hidden: "" }, make("div", { class: "both" }, picture, side), this.track, this.controls);
    const header = make("header", {}, make("div", { class: "head" }, this.title, this.badge), this.about);
    this.root.replaceChildren(header, this.told, this.say, this.main);
    const around = new ResizeObserver(() => this.fit());
    for (const part of [header, this.told, this.say, this.hud, this.track, this.controls, this.root]) around.observe(part);
    setText(this.title, "Watch a match");
    window.addEventListener("resize", () => {
      this.drawn = "";
      this.fit();
    });
  }

  /** In words why there is nothing to see (yet). */
  message(text: string, kind: "wait" | "error" | "" = "wait"): void {
    setText(this.say, text);
    this.say.className = `say ${kind}`;
    this.say.hidden = text === "";
  }

  describe(match: MatchDescription, recorder: string): void {
    const title = match.scene || match.scene_id;
    document.title = `${title} · match ${match.number}`;
    setText(this.title, title);
    setText(this.about, `${match.study} · session ${match.session_id} · match ${match.number} · formed ${new Date(match.formed_at).toLocaleString()}`);
    this.standing = match.notes;
    this.whose.hidden = match.recorders.length < 2;
    this.recorders.replaceChildren(make("option", { value: "" }, "all who agree"), ...match.recorders.map((who) => make("option", { value: who }, who)));
    this.recorders.value = recorder;
    this.cells.clear();
    this.rows.replaceChildren(
      ...match.agents.map(({ agent, who, is_person: isPerson }) => {
        const cells = { action: make("td"), status: make("td"), reward: make("td", { class: "number" }), total: make("td", { class: "number" }) };
        this.cells.set(agent, cells);
        const name = make("small", {}, isPerson ? who : `policy ${who}`);
        return make("tr", {}, make("th", { scope: "row" }, agent, name), cells.action, cells.status, cells.reward, cells.total);
      }),
    );
    if (match.content) this.size = { width: match.content.config.game_width, height: match.content.config.game_height };
    this.setLive(false);
    this.state(match);
  }

  /** What is to be known of the pictures. */
  note(text: string): void {
    setText(this.pictures, text);
    this.pictures.hidden = false;
    this.notes.hidden = false;
  }

  state(match: MatchGlance): void {
    const outcome = match.outcome && match.outcome !== "completed" ? ` · ${match.outcome.replaceAll("_", " ")}` : "";
    setText(this.badge, STATE_WORDS[match.state] + outcome);
    this.badge.className = `badge ${match.state}`;
    if (!this.track.hidden) this.follow.hidden = match.state !== "live";
    this.happened(match);
  }

  /** What a watcher should know: a live match may lose a player, or be marked, at any time. */
  private happened({ dropped, flags }: MatchGlance): void {
    const notes = [...this.standing, ...dropped.map((drop) => `The player of ${drop.agent} left the match${drop.reason ? `: ${drop.reason}` : ""}.`)];
    for (const { flag, detail } of flags) notes.push(`Marked during the session: ${flag}${detail ? ` (${detail})` : ""}.`);
    const told = notes.join("\n");
    if (told === this.toldNotes) return;
    this.toldNotes = told;
    this.flags = flagPlaces(flags);
    this.drawn = "";
    this.notes.replaceChildren(this.pictures, ...notes.map((text) => make("li", {}, text)));
    this.notes.hidden = notes.length === 0 && this.pictures.hidden;
  }

  /** What is shown is now, and nothing else: there is nowhere to go to. */
  standsLive(): void {
    this.setLive(true);
  }

  private setLive(live: boolean): void {
    for (const control of [this.track, ...this.moving]) control.hidden = live;
    this.proof.hidden = live;
  }

  /** The agents whose views differ; with less than two there is nothing to choose. */
  offerViewers(agents: readonly string[], chosen: string): void {
    this.eyes.hidden = agents.length < 2;
    const there = [...this.viewers.options].map((option) => option.value);
    if (there.join("\n") !== agents.join("\n")) this.viewers.replaceChildren(...agents.map((agent) => make("option", { value: agent }, agent)));
    if (chosen !== "" && this.viewers.value !== chosen) this.viewers.value = chosen;
  }

  showLivePlace(episode: number, frame: number, fps: number): void {
    setText(this.place, `round ${episode + 1} · frame ${frame.toLocaleString("en")} · ${(frame / fps).toFixed(1)} s`);
  }

  attach(renderer: Renderer): void {
    this.renderer = renderer;
    this.stage.replaceChildren(renderer.canvas);
    this.main.hidden = false;
    this.fit();
  }

  showFrame(view: WatchedView, agents: readonly AgentNow[], bitmap?: ImageBitmap | null): void {
    const picture = { packet: view.packet, image: view.image, corrected: false, frame: view.frame };
    this.renderer?.showFrame(bitmap ? { ...picture, bitmap } : picture);
    this.stage.dataset["watchEpisode"] = String(view.episode);
    this.stage.dataset["watchFrame"] = String(view.frame);
    setText(this.hud, view.hud ?? "");
    for (const now of agents) {
      const cells = this.cells.get(now.agent);
      if (!cells) continue;
      setText(cells.action, view.frame === 0 ? "–" : shownAction(now));
      setText(cells.status, now.status === "input" ? "key" : now.status && lookOf(now.status).word);
      setText(cells.reward, now.reward === null ? "–" : figure(now.reward));
      setText(cells.total, figure(now.total));
    }
  }

  /** `done`: all that is recorded has been compared. */
  proved(compared: number, hashes: number, told: string, problem: string, done = true): void {
    const wrong = [problem, told].filter((text) => text !== "").join(" ");
    if (this.told.textContent !== wrong) {
      this.told.textContent = wrong;
      this.told.hidden = wrong === "";
    }
    const frames = `${compared.toLocaleString("en")} frame${compared === 1 ? "" : "s"}`;
    const checks = `${hashes.toLocaleString("en")} state hash${hashes === 1 ? "" : "es"}`;
    setText(this.proof, wrong ? "" : `Stepped again, equal to what was recorded: ${frames}, ${checks}${done ? "" : " so far"}.`);
  }

  showPlace(playback: Playback, fps: number, agents: readonly string[], runs: readonly StatusRun[], seeds: ReadonlyMap<number, string>, matchSeed: string): void {
    const { episode, frame } = playback.place;
    const frames = playback.framesOf(episode);
    this.bar.max = String(frames);
    this.bar.value = String(frame);
    this.bar.setAttribute("aria-valuetext", `frame ${frame} of ${frames}`);
    setText(this.place, `frame ${frame.toLocaleString("en")} of ${frames.toLocaleString("en")} · ${(frame / fps).toFixed(1)} s`);
    setText(this.play, playback.playing || playback.following ? "Pause" : "Play");
    this.follow.setAttribute("aria-pressed", String(playback.following));
    this.speeds.value = String(playback.speed);
    this.speeds.disabled = playback.following;
    const episodes = playback.episodes;
    if (this.rounds.options.length !== episodes.length) {
      this.rounds.replaceChildren(...episodes.map((number) => make("option", { value: String(number) }, String(number + 1))));
    }
    this.rounds.value = String(episode);
    setText(this.seed, `Seed of the match ${matchSeed}, of this round ${seeds.get(episode) || "not recorded"}.`);
    const wanted = `${episode} ${frames} ${runs.length} ${runs.at(-1)?.[3] ?? 0} ${this.marks.clientWidth}`;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const flagged = this.flags.filter((flag) => flag.episode === episode);
    drawMarks(this.marks, agents, runs, frames, flagged);
    const there = Object.keys(STATUS_LOOKS).filter((status) => runs.some((run) => run[1] === status));
    const lanes = agents.length > 1 && there.length > 0 ? [make("span", {}, `Lanes: ${agents.join(", ")}`)] : [];
    this.legend.replaceChildren(
      ...lanes,
      ...there.map((status) => {
        const look = lookOf(status);
        const sample = make("i", { style: `background: var(${look.colour}); height: ${Math.round(10 * look.height)}px` });
        return make("span", {}, sample, look.word);
      }),
    );
    if (flagged.length > 0) this.legend.append(make("span", {}, make("b", {}, "▲"), ` ${flagged.map((flag) => `${flag.flag} at frame ${flag.frame}`).join(", ")}`));
    this.legend.hidden = this.legend.childElementCount === 0;
  }

  /** The matches of the session, when the address names none. */
  choose(matches: readonly MatchGlance[], address: (matchId: string) => string): void {
    const links = matches.map((match) => {
      const who = match.agents.map(({ agent, who: name }) => `${agent}: ${name}`).join(", ");
      const words = `Match ${match.number} · ${match.scene || match.scene_id} · ${who}`;
      return make("li", {}, make("a", { href: address(match.match_id) }, words), ` ${STATE_WORDS[match.state]}`);
    });
    this.say.after(make("ol", { class: "choice" }, ...links));
  }

  /** The picture is as large as it can be with the bar of frames and the controls still in sight. */
  private fit(): void {
    const { width, height } = this.size;
    const both = this.stage.closest<HTMLElement>(".both");
    if (!both || !this.renderer) return;
    const around = this.root.offsetHeight - both.offsetHeight + this.hud.offsetHeight + SLACK_PX;
    const high = Math.max(LEAST_HEIGHT_PX, window.innerHeight - around);
    const scale = Math.min(MOST_SCALE, (this.stage.parentElement?.clientWidth ?? width) / width, high / height);
    const fitted = [Math.round(width * scale), Math.round(height * scale)] as const;
    if (fitted[0] === this.fitted[0] && fitted[1] === this.fitted[1]) return;
    this.fitted = fitted;
    this.stage.style.width = `${fitted[0]}px`;
    this.stage.style.height = `${fitted[1]}px`;
    this.renderer.resize(...fitted);
  }
}

function shownAction(now: AgentNow): string {
  if (now.action === null || now.action === undefined) return "–";
  const action = typeof now.action === "object" ? JSON.stringify(now.action) : String(now.action as string | number | boolean);
  return now.keys ? `${action} (${shownKeys(now.keys)})` : action;
}

const KEY_SIGNS: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space" };

function shownKeys(keys: string): string {
  return keys
    .split("+")
    .map((key) => KEY_SIGNS[key] ?? key)
    .join("+");
}

function figure(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : value;
}

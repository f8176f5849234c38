/** The game as it stands on the page: the HUD, the stage that takes the keys, and the study's HTML beside it. */
import type { FrameView, RenderPacketWire } from "../worker/rpc";
import type { Renderer } from "../render/renderer";
import { element } from "../view/dom";

/** The game page's padding, above and below, and the gap under the bar (page.css). */
const MARGINS_PX = 44;
/** What the button that asks for help takes of the page's lower left corner (care.css). */
const HELP_PX = { width: 190, height: 36 };

export interface GameViewOptions {
  width: number;
  height: number;
  episodes: number;
  label: string;
  /** The study's HTML shown while playing, or null. */
  beside: HTMLElement | null;
}

export class GameView {
  readonly view: HTMLElement;
  /** Takes the keyboard; carries the hooks `data-mug="game"`, `data-mug-episode`, `-frame`, `-score`, `-renderer`. */
  readonly stage: HTMLElement;
  private readonly hud: HTMLElement;
  private readonly round: HTMLElement;
  private readonly hint: HTMLElement;
  private readonly resizer: ResizeObserver;
  private renderer: Renderer | null = null;

  constructor(private readonly options: GameViewOptions) {
    this.hud = element("div", { class: "hud", "data-mug": "hud" });
    this.round = element("div", { class: "round" });
    this.hint = element("p", { class: "stage-hint", hidden: "" }, "Click here or press Tab to go on playing");
    this.stage = element("div", {
      class: "stage",
      "data-mug": "game",
      tabindex: "0",
      role: "application",
      "aria-label": options.label,
    });
    const bar = element("div", { class: "game-bar" }, this.hud, this.round);
    const space = element("div", { class: "stage-space" }, this.stage);
    this.view = element("main", { class: "game-page" }, element("section", { class: "game" }, bar, space));
    if (options.beside) this.view.append(element("aside", { class: "beside" }, options.beside));
    this.stage.append(this.hint);
    this.resizer = new ResizeObserver(() => this.fit());
    this.resizer.observe(document.documentElement);
    this.resizer.observe(this.view);
    // What comes or goes above the page moves it: then the room for the picture is another one.
    this.resizer.observe(document.body);
  }

  attach(renderer: Renderer): void {
    this.renderer = renderer;
    this.stage.prepend(renderer.canvas);
    this.stage.dataset["mugRenderer"] = renderer.kind;
    this.fit();
  }

  focus(): void {
    this.stage.focus({ preventScroll: true });
  }

  showFrame(view: FrameView): void {
    this.renderer?.showFrame(view);
    const { dataset } = this.stage;
    dataset["mugEpisode"] = String(view.episode);
    dataset["mugFrame"] = String(view.frame);
    dataset["mugScore"] = String(view.score);
    if (this.hud.textContent !== (view.hud ?? "")) this.hud.textContent = view.hud ?? "";
    const round = this.options.episodes > 1 ? `Round ${view.episode + 1} of ${this.options.episodes}` : "";
    if (this.round.textContent !== round) this.round.textContent = round;
  }

  /** A picture on the way from one frame to the next. */
  paint(packet: RenderPacketWire): void {
    this.renderer?.showFrame({ packet, image: null });
  }

  setAttention(has: boolean): void {
    this.hint.hidden = has;
    this.stage.classList.toggle("inattentive", !has);
  }

  dispose(): void {
    this.resizer.disconnect();
    this.renderer?.destroy();
    this.renderer = null;
  }

  /** The stage has the study's size in CSS pixels; on a smaller window it shrinks as a whole. */
  private fit(): void {
    const { width, height } = this.options;
    const space = this.stage.parentElement;
    if (!space) return;
    const bar = this.view.querySelector<HTMLElement>(".game-bar")?.offsetHeight ?? 0;
    const availableWidth = space.clientWidth;
    const availableHeight = document.documentElement.clientHeight - this.view.offsetTop - bar - MARGINS_PX;
    let scale = Math.max(0.1, Math.min(1, availableWidth / width, availableHeight / height));
    const beside = (document.documentElement.clientWidth - width * scale) / 2;
    if (document.body.classList.contains("with-help") && beside < HELP_PX.width) {
      scale = Math.max(0.1, Math.min(scale, (availableHeight - HELP_PX.height) / height));
    }
    this.stage.style.width = `${Math.round(width * scale)}px`;
    this.stage.style.height = `${Math.round(height * scale)}px`;
    this.renderer?.resize(Math.round(width * scale), Math.round(height * scale));
    // Centring may put the stage between two pixels of the screen, where all of it would blur.
    this.stage.style.translate = "none";
    const { left, top } = this.stage.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    this.stage.style.translate = `${Math.round(left * ratio) / ratio - left}px ${Math.round(top * ratio) / ratio - top}px`;
  }
}

/** The page while a game is played: the picture, the keyboard, and the study's HTML beside it. */
import type { GlobalsChange } from "../globals_change";
import { GameView } from "../game/game_view";
import { Keyboard } from "../input/keyboard";
import type { GameContent } from "../protocol/messages";
import type { Renderer } from "../render/renderer";
import type { FrameView } from "../worker/rpc";
import { StudyContent, type StudyContentPort } from "./study_content";

export interface StagePort extends Omit<StudyContentPort, "allowContinue" | "continue"> {
  keys(held: string[], pressed: string[]): void;
}

export class GameStage {
  readonly page: GameView;
  private readonly keyboard: Keyboard;
  private readonly beside: StudyContent | null;

  constructor(content: GameContent, renderer: Renderer, port: StagePort, show: (view: HTMLElement) => void) {
    const { config, in_game_html: html } = content;
    this.beside = html ? new StudyContent(html, "Beside the game", { ...port, allowContinue: () => undefined, continue: () => undefined }) : null;
    this.page = new GameView({
      width: config.game_width,
      height: config.game_height,
      episodes: config.num_episodes,
      label: "Game. The keys control it.",
      beside: this.beside?.view ?? null,
    });
    this.page.attach(renderer);
    show(this.page.view);
    this.page.focus();
    const keys = config.action_mapping.flatMap((binding) => binding.keys);
    this.keyboard = new Keyboard(new Set(keys), this.page.stage, {
      keys: (held, pressed) => port.keys(held, pressed),
      attention: (has) => this.page.setAttention(has),
    });
  }

  showFrame(view: FrameView): void {
    this.page.showFrame(view);
  }

  globalsChanged(change: GlobalsChange): void {
    this.beside?.globalsChanged(change);
  }

  /** The game is over: keys are the page's again, the last picture stays. */
  stopKeys(): void {
    this.keyboard.stop();
  }

  dispose(): void {
    this.keyboard.stop();
    this.beside?.dispose();
    this.page.dispose();
  }
}

/** The wait for a group that plays several games together: nothing to start here, the server shows what comes next. */
import type { WaitContent } from "../protocol/messages";
import type { MatchMessage, Scene, SceneContext } from "./scene";
import { Waitroom } from "./waitroom";

export class WaitScene implements Scene {
  private waitroom: Waitroom | null = null;

  constructor(
    readonly visitId: string,
    private readonly content: WaitContent,
    private readonly context: SceneContext,
  ) {}

  show(): void {
    this.context.event("page_shown");
    const { needed: people, hide_lobby_count: hideCount } = this.content;
    this.waitroom = new Waitroom(this.visitId, { people, hideCount, before: "study" }, this.context);
  }

  shownAgain(): void {
    this.waitroom?.ask();
  }

  matchMessage(message: MatchMessage): void {
    this.waitroom?.received(message);
  }

  connectionChanged(open: boolean): void {
    this.waitroom?.connectionChanged(open);
  }

  globalsChanged(): void {
    // Nothing here shows them.
  }

  serverRefused(): void {
    // Asked again with the next connection; what was refused is in the log.
  }

  position(): { episode: null; frame: null } {
    return { episode: null, frame: null };
  }

  saved(): void {
    // The server ends this visit.
  }

  dispose(): void {
    this.waitroom?.leave("The study goes on");
    this.waitroom = null;
  }
}

/** Static pages: start, static, end, completion code. */
import type { GlobalsChange } from "../globals_change";
import type { PageContent, ShowScene } from "../protocol/messages";
import { Ending } from "./ending";
import type { Scene, SceneContext } from "./scene";
import { visitPort } from "./study_content";
import { StudyPage } from "./study_page";

export class PageScene implements Scene {
  readonly visitId: string;
  private readonly page: StudyPage;
  /** Null on a page that is not the last one. */
  private readonly ending: Ending | null;

  constructor(
    message: ShowScene,
    private readonly content: PageContent,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    const last = content.role === "end" || content.role === "completion_code";
    this.page = new StudyPage({
      header: content.scene_header,
      subheader: content.scene_subheader,
      body: content.body_html,
      continueLabel: last ? null : content.continue_label || "Continue",
      content: visitPort(message.scene_id, context),
      onContinue: () => this.goOn(),
    });
    this.ending = last ? this.makeEnding() : null;
  }

  show(): void {
    this.context.shell.show(this.page.view, this.ending ? "ended" : "page");
    this.page.focus();
    this.context.event("page_shown");
    if (this.ending) this.context.finish("completed");
  }

  shownAgain(): void {
    // The page is as the participant left it.
  }

  globalsChanged(change: GlobalsChange): void {
    this.page.content.globalsChanged(change);
  }

  serverRefused(): void {
    // Nothing that a page sends needs more than the log.
  }

  position(): { episode: null; frame: null } {
    return { episode: null, frame: null };
  }

  /** All data of the end page's visit has reached the server's disk. */
  saved(): void {
    if (!this.ending) return;
    const { redirect_url: url, scene_header: header, body_html: body, completion_code: code } = this.content;
    if (url && !header && !body && !code) window.location.assign(url);
    else this.ending.saved();
  }

  dispose(): void {
    this.ending?.dispose();
    this.page.dispose();
  }

  private goOn(): void {
    this.context.event("continue");
    const values = this.page.content.values();
    if (Object.keys(values).length > 0) this.context.formValues(values);
    this.page.setBusy("Saving…");
    this.context.finish("completed");
  }

  private makeEnding(): Ending {
    const { completion_code: code, redirect_url: url, redirect_after_s: afterS } = this.content;
    const ending = new Ending({ code, url, afterS, go: (address) => window.location.assign(address) });
    this.page.footer.append(...ending.parts);
    return ending;
  }
}

/** Static pages: start, static, end, completion code. */
import type { PageContent, ShowScene } from "../protocol/messages";
import { element } from "../view/dom";
import { copyText } from "./clipboard";
import type { Scene, SceneContext } from "./scene";
import { StudyPage } from "./study_page";

export class PageScene implements Scene {
  readonly visitId: string;
  private readonly page: StudyPage;
  private readonly ending: boolean;

  constructor(
    message: ShowScene,
    private readonly content: PageContent,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    this.ending = content.role === "end" || content.role === "completion_code";
    this.page = new StudyPage({
      header: content.scene_header,
      subheader: content.scene_subheader,
      body: content.body_html,
      continueLabel: this.ending ? null : content.continue_label || "Continue",
      content: {
        sceneId: message.scene_id,
        subjectId: context.subjectId,
        globals: () => context.globals(),
        setGlobals: (values) => context.setGlobals(values),
        callback: (data) => context.callback(data),
        scriptError: (text, traceback) => context.reportError({ kind: "script", message: text, traceback, fatal: false }),
      },
      onContinue: () => this.goOn(),
    });
    if (this.ending) this.addEnding();
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

  globalsChanged(values: Record<string, unknown>): void {
    this.page.content.globalsChanged(values);
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
    const note = this.page.footer.querySelector(".saving");
    note?.replaceChildren("Everything is saved.");
    const url = this.content.redirect_url;
    if (!url) return;
    if (!this.content.scene_header && !this.content.body_html && !this.content.completion_code) {
      window.location.assign(url);
      return;
    }
    const button = this.page.footer.querySelector<HTMLButtonElement>("[data-mug=continue]");
    if (button) button.disabled = false;
  }

  dispose(): void {
    this.page.dispose();
  }

  private goOn(): void {
    this.context.event("continue");
    const values = this.page.content.values();
    if (Object.keys(values).length > 0) this.context.formValues(values);
    this.page.setBusy("Saving…");
    this.context.finish("completed");
  }

  private addEnding(): void {
    const { completion_code: code, redirect_url: url } = this.content;
    const { footer } = this.page;
    if (code) footer.append(this.codeBox(code));
    if (url) {
      const button = element("button", { type: "button", class: "button", "data-mug": "continue", disabled: "" }, "Continue");
      button.addEventListener("click", () => window.location.assign(url));
      footer.append(button);
    }
    footer.append(element("p", { class: "saving", role: "status" }, "Saving…"));
  }

  private codeBox(code: string): HTMLElement {
    const shown = element("code", { class: "code", "data-mug": "completion-code", tabindex: "0", "aria-label": "Your completion code" }, code);
    const button = element("button", { type: "button", class: "button quiet", "data-mug": "copy-code" }, "Copy");
    const said = element("span", { class: "copied", role: "status" });
    button.addEventListener("click", () => {
      void copyText(code, shown).then((copied) => {
        said.textContent = copied ? "Copied." : "Select the code and press Ctrl+C to copy it.";
      });
    });
    return element("div", { class: "code-box" }, element("p", {}, "Your completion code"), element("div", { class: "code-row" }, shown, button), said);
  }
}

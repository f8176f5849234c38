/** A page with questions: answers are drafted in the browser, checked here and by the server, handed in together. */
import type { GlobalsChange } from "../globals_change";
import { leftWords, rowsOf } from "../forms/answers";
import { FormView } from "../forms/form_view";
import type { ErrorReply, FormContent, ShowScene } from "../protocol/messages";
import { element } from "../view/dom";
import type { Scene, SceneContext } from "./scene";
import { visitPort } from "./study_content";
import { StudyPage } from "./study_page";

export class FormScene implements Scene {
  readonly visitId: string;
  private readonly page: StudyPage;
  private readonly form: FormView;
  private readonly note = element("p", { class: "form-note", role: "status", "data-mug": "form-note" });
  private submissions: number;

  constructor(
    message: ShowScene,
    content: FormContent,
    private readonly context: SceneContext,
  ) {
    this.visitId = message.visit_id;
    const draft = context.drafts.load(this.visitId);
    this.submissions = Math.max(content.submissions, draft.submissions);
    this.form = new FormView(content.items, {
      changed: ({ question_id }, first) => {
        this.keep();
        if (first) context.event("answer_given", { question_id });
        if (this.note.textContent) this.sayLeft(this.form.missing().length);
      },
      settled: ({ question_id }) => context.event("answer_changed", { question_id }),
      handIn: () => this.page.press(),
    });
    this.form.restore(draft.answers);
    this.page = new StudyPage({
      header: content.scene_header,
      subheader: content.scene_subheader,
      body: content.body_html,
      form: this.form.view,
      continueLabel: content.continue_label || "Continue",
      content: visitPort(message.scene_id, context),
      mayContinue: () => this.isComplete(),
      onContinue: () => this.handIn(),
    });
    this.page.content.restore(draft.fields);
    this.page.content.view.addEventListener("input", () => this.keep());
    this.page.footer.append(this.note);
  }

  show(): void {
    this.context.shell.show(this.page.view, "page");
    this.page.focus();
    this.context.event("page_shown");
  }

  shownAgain(): void {
    // The page is as the participant left it.
  }

  globalsChanged(change: GlobalsChange): void {
    this.page.content.globalsChanged(change);
  }

  serverRefused(about: string, _reason: string, reply: ErrorReply): void {
    if (about !== "visit.finish" || reply.code !== "unanswered") return;
    const names = reply.path.split(",");
    this.context.event("form_refused", { questions: names });
    this.form.setBusy(false);
    this.page.release();
    this.pointOut(names);
  }

  position(): { episode: null; frame: null } {
    return { episode: null, frame: null };
  }

  saved(): void {
    // The server shows what comes next, or says what is missing.
  }

  dispose(): void {
    this.page.dispose();
  }

  private isComplete(): boolean {
    const left = this.form.missing();
    if (left.length === 0) return true;
    this.context.event("form_incomplete", { questions: left });
    this.pointOut(left);
    return false;
  }

  private pointOut(names: readonly string[]): void {
    this.form.pointOut(names);
    this.sayLeft(names.length);
  }

  private sayLeft(count: number): void {
    this.note.textContent = count > 0 ? leftWords(count) : "";
  }

  private handIn(): void {
    this.context.event("continue");
    this.submissions += 1;
    this.keep();
    // Fields of the study's own HTML come first: what the form asks counts, also where names are the same.
    const own = this.page.content.values();
    if (Object.keys(own).length > 0) this.context.formValues(own, { submission: this.submissions });
    this.context.formRows(rowsOf(this.form.questions, this.form.answers(), this.submissions));
    this.note.textContent = "";
    this.form.setBusy(true);
    this.page.setBusy("Saving…");
    this.context.finish("completed");
  }

  private keep(): void {
    const answers = Object.fromEntries(this.form.answers());
    this.context.drafts.save(this.visitId, { answers, fields: this.page.content.values(), submissions: this.submissions });
  }
}

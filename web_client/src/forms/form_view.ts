/** All questions of a form on the page: reading and showing answers, saying what is missing. */
import { inertNodes } from "../scenes/html";
import { element } from "../view/dom";
import { answerFrom, isAnswered, missing, missingWords, questionsOf, type Answer, type Answers, type FormItem, type FormQuestion } from "./answers";
import { ChoiceField } from "./choice_field";
import type { FieldNumber, FormField } from "./field";
import { ScaleField } from "./scale_field";
import { TextField } from "./text_field";

export interface FormViewPort {
  /** An answer changed; `first`: this question had none since the page was shown. */
  changed(question: FormQuestion, first: boolean): void;
  /** The participant left a question whose answer they had changed again. */
  settled(question: FormQuestion): void;
  /** Enter was pressed in the form. */
  handIn(): void;
}

export class FormView {
  readonly view: HTMLElement;
  readonly questions: readonly FormQuestion[];
  private readonly fields = new Map<string, FormField>();
  private readonly touched = new Set<string>();
  private readonly changedAgain = new Set<string>();

  constructor(
    items: readonly FormItem[],
    private readonly port: FormViewPort,
  ) {
    this.questions = questionsOf(items);
    const form = element("form", { class: "form", novalidate: "", "data-mug": "form" });
    items.forEach((item, number) => {
      if (item.kind === "heading") {
        form.append(element("div", { class: "form-heading" }, inertNodes(item.html)));
        return;
      }
      const field = fieldOf(item, number, () => this.changed(item));
      field.view.addEventListener("focusout", (event) => this.left(item, field, event));
      this.fields.set(item.question_id, field);
      form.append(field.view);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    // As in any form, Enter hands in; in a text it makes a line.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      port.handIn();
    });
    this.view = form;
  }

  answers(): Answers {
    return new Map([...this.fields].map(([name, field]): [string, Answer] => [name, field.read()]));
  }

  /** Show what was kept of an earlier life of this page. */
  restore(kept: Readonly<Record<string, unknown>>): void {
    for (const [name, field] of this.fields) {
      const answer = answerFrom(field.question, Object.hasOwn(kept, name) ? kept[name] : null);
      if (answer === null) continue;
      field.show(answer);
      this.touched.add(name);
    }
  }

  /** While answers are handed in they cannot be changed: what would be changed then is in no submission. */
  setBusy(busy: boolean): void {
    this.view.inert = busy;
  }

  missing(): string[] {
    return missing(this.questions, this.answers());
  }

  /** Mark these questions, no others, and take the participant to the first of them. */
  pointOut(names: readonly string[]): void {
    for (const [name, field] of this.fields) field.setError(names.includes(name) ? missingWords(field.question) : null);
    const first = [...this.fields.values()].find((field) => names.includes(field.question.question_id));
    if (!first) return;
    first.view.scrollIntoView({ block: "start" });
    first.focus();
  }

  private changed(question: FormQuestion): void {
    const name = question.question_id;
    const field = this.fields.get(name);
    if (field && isAnswered(field.read())) field.setError(null);
    const first = !this.touched.has(name);
    this.touched.add(name);
    if (!first) this.changedAgain.add(name);
    this.port.changed(question, first);
  }

  private left(question: FormQuestion, field: FormField, event: FocusEvent): void {
    if (event.relatedTarget instanceof Node && field.view.contains(event.relatedTarget)) return;
    if (this.changedAgain.delete(question.question_id)) this.port.settled(question);
  }
}

function fieldOf(question: FormQuestion, number: FieldNumber, changed: () => void): FormField {
  switch (question.kind) {
    case "text":
      return new TextField(question, number, changed);
    case "choice":
      return new ChoiceField(question, number, changed);
    case "scale":
      return new ScaleField(question, number, changed);
  }
}

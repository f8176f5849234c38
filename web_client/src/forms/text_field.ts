/** A question that is answered with a text. */
import type { TextQuestion } from "../protocol/messages";
import { element } from "../view/dom";
import type { Answer } from "./answers";
import { errorLine, fieldId, questionWords, type FieldNumber, type FormField } from "./field";

/** So many characters before the end the page says how many are left. */
const SAY_LEFT = 500;

export class TextField implements FormField {
  readonly view: HTMLElement;
  private readonly input: HTMLTextAreaElement;
  private readonly error: HTMLElement;
  private readonly note: HTMLElement;

  constructor(
    readonly question: TextQuestion,
    number: FieldNumber,
    changed: () => void,
  ) {
    const inputId = fieldId(number, "input");
    this.error = errorLine(number);
    // Read out with the text box, not with every key.
    this.note = element("p", { class: "question-note", id: fieldId(number, "note") });
    this.input = element("textarea", {
      id: inputId,
      rows: "5",
      maxlength: String(question.max_chars),
      autocomplete: "off",
      "aria-required": String(question.required),
      "aria-describedby": `${this.error.id} ${this.note.id}`,
    });
    this.input.addEventListener("input", () => {
      this.sayLeft();
      changed();
    });
    const label = element("label", { class: "question-text", for: inputId }, ...questionWords(question));
    this.view = element("div", { class: "question", "data-mug-question": question.question_id }, label, this.error, this.input, this.note);
  }

  read(): Answer {
    return this.input.value === "" ? null : this.input.value;
  }

  show(answer: Answer): void {
    this.input.value = typeof answer === "string" ? answer : "";
    this.sayLeft();
  }

  setError(text: string | null): void {
    this.error.textContent = text ?? "";
    this.view.classList.toggle("wrong", text !== null);
    if (text === null) this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }

  focus(): void {
    this.input.focus();
  }

  private sayLeft(): void {
    const left = this.question.max_chars - this.input.value.length;
    this.note.textContent = left > SAY_LEFT ? "" : `${left} characters left`;
  }
}

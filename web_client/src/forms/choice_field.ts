/** A question that is answered by choosing: radios for one answer, boxes to tick for several. */
import type { ChoiceQuestion } from "../protocol/messages";
import { element } from "../view/dom";
import type { Answer } from "./answers";
import { clearButton, errorLine, fieldId, questionWords, type FieldNumber, type FormField } from "./field";

export class ChoiceField implements FormField {
  readonly view: HTMLElement;
  private readonly inputs: HTMLInputElement[];
  private readonly error: HTMLElement;
  private readonly clear: HTMLButtonElement | null;

  constructor(
    readonly question: ChoiceQuestion,
    number: FieldNumber,
    changed: () => void,
  ) {
    const { choices, multiple, boxes, image, images, required } = question;
    this.error = errorLine(number);
    this.inputs = choices.map((_, index) =>
      element("input", { type: multiple ? "checkbox" : "radio", name: fieldId(number, "input"), value: String(index) }),
    );
    const pictured = images.some((address) => address !== "");
    const shape = pictured ? "pictures" : boxes ? "boxes" : "list";
    const list = element("div", { class: `choices ${shape}` });
    choices.forEach((choice, index) => {
      const input = this.inputs[index];
      if (!input) return;
      const address = images[index] ?? "";
      const words = element("span", { class: "choice-words" }, input, element("span", {}, choice));
      // The picture is named by the words beside it.
      list.append(element("label", { class: "choice" }, ...(address ? [element("img", { src: address, alt: "" })] : []), words));
    });
    this.clear = clearButton(question, () => {
      this.show(null);
      this.inputs[0]?.focus();
      changed();
    });
    list.addEventListener("change", () => {
      this.update();
      changed();
    });
    this.view = element(
      "fieldset",
      {
        class: "question",
        "data-mug-question": question.question_id,
        "aria-describedby": this.error.id,
        ...(multiple ? {} : { role: "radiogroup", "aria-required": String(required) }),
      },
      element("legend", { class: "question-text" }, ...questionWords(question)),
      this.error,
      ...(image ? [element("img", { class: "question-picture", src: image, alt: "Picture for this question" })] : []),
      list,
      ...(this.clear ? [this.clear] : []),
    );
  }

  read(): Answer {
    const chosen = this.question.choices.filter((_, index) => this.inputs[index]?.checked);
    if (chosen.length === 0) return null;
    return this.question.multiple ? chosen : (chosen[0] ?? null);
  }

  show(answer: Answer): void {
    const chosen = Array.isArray(answer) ? answer : [answer];
    this.inputs.forEach((input, index) => {
      input.checked = chosen.includes(this.question.choices[index] ?? null);
    });
    this.update();
  }

  setError(text: string | null): void {
    this.error.textContent = text ?? "";
    this.view.classList.toggle("wrong", text !== null);
    // A group of boxes to tick cannot be marked as wrong itself; its boxes can.
    for (const marked of this.question.multiple ? this.inputs : [this.view]) {
      if (text === null) marked.removeAttribute("aria-invalid");
      else marked.setAttribute("aria-invalid", "true");
    }
  }

  focus(): void {
    this.inputs[0]?.focus();
  }

  private update(): void {
    if (this.clear) this.clear.hidden = this.read() === null;
  }
}

/**
 * A question that is answered on a scale: a group of radios that looks like a line with points. A point is chosen by a
 * click or tap, by dragging along the line (points may be narrower than a finger), or by the arrow keys.
 */
import type { ScaleQuestion } from "../protocol/messages";
import { element } from "../view/dom";
import type { Answer } from "./answers";
import { clearButton, errorLine, fieldId, questionWords, type FieldNumber, type FormField } from "./field";
import { isFullyLabelled, labelPlaces, pointAt, pointWords } from "./scale_points";

/** The pointer moves so far along the line before it drags. */
const DRAG_PX = 6;

export class ScaleField implements FormField {
  readonly view: HTMLElement;
  private readonly inputs: HTMLInputElement[];
  private readonly error: HTMLElement;
  private readonly clear: HTMLButtonElement | null;

  constructor(
    readonly question: ScaleQuestion,
    number: FieldNumber,
    private readonly changed: () => void,
  ) {
    this.error = errorLine(number);
    this.inputs = Array.from({ length: question.points }, (_, index) =>
      element("input", {
        type: "radio",
        name: fieldId(number, "input"),
        value: String(index + 1),
        "aria-label": pointWords(index + 1, question.points, question.labels),
      }),
    );
    this.clear = clearButton(question, () => {
      this.show(null);
      this.inputs[0]?.focus();
      changed();
    });
    const scale = isFullyLabelled(question) ? this.labelledPoints() : this.line();
    scale.addEventListener("change", () => {
      this.update();
      changed();
    });
    this.view = element(
      "fieldset",
      {
        class: "question",
        "data-mug-question": question.question_id,
        role: "radiogroup",
        "aria-required": String(question.required),
        "aria-describedby": this.error.id,
      },
      element("legend", { class: "question-text" }, ...questionWords(question)),
      this.error,
      scale,
      ...(this.clear ? [this.clear] : []),
    );
  }

  read(): Answer {
    const index = this.inputs.findIndex((input) => input.checked);
    return index < 0 ? null : index + 1;
  }

  show(answer: Answer): void {
    this.inputs.forEach((input, index) => {
      input.checked = answer === index + 1;
    });
    this.update();
  }

  setError(text: string | null): void {
    this.error.textContent = text ?? "";
    this.view.classList.toggle("wrong", text !== null);
    if (text === null) this.view.removeAttribute("aria-invalid");
    else this.view.setAttribute("aria-invalid", "true");
  }

  focus(): void {
    this.inputs[0]?.focus();
  }

  /** Every point has words of its own: they stand under it, or beside it where there is little room. */
  private labelledPoints(): HTMLElement {
    const points = this.inputs.map((input, index) =>
      element("label", { class: "scale-point" }, input, element("span", { class: "dot" }), element("span", { class: "point-words" }, this.question.labels[index] ?? "")),
    );
    return element("div", { class: "scale labelled" }, element("div", { class: "scale-points" }, ...points));
  }

  private line(): HTMLElement {
    const points = element(
      "div",
      { class: "scale-points" },
      ...this.inputs.map((input) => element("label", { class: "scale-point" }, input, element("span", { class: "dot" }))),
    );
    this.dragAlong(points);
    // Read out with the points they belong to.
    const labels = element("div", { class: "scale-labels", "aria-hidden": "true" });
    const places = labelPlaces(this.question.points, this.question.labels.length);
    this.question.labels.forEach((text, index) => {
      const place = places[index];
      if (!place) return;
      const label = element("span", { class: `scale-label ${place.align}` }, text);
      label.style.setProperty("--centre", `${100 * place.centre}%`);
      label.style.setProperty("--room", `${100 * place.room}%`);
      labels.append(label);
    });
    return element("div", { class: "scale" }, points, ...(this.question.labels.length > 0 ? [labels] : []));
  }

  private dragAlong(line: HTMLElement): void {
    let from: { id: number; x: number; y: number } | null = null;
    line.addEventListener("pointerdown", (event) => {
      from = event.isPrimary && event.button === 0 ? { id: event.pointerId, x: event.clientX, y: event.clientY } : null;
    });
    line.addEventListener("pointermove", (event) => {
      if (from?.id !== event.pointerId || event.buttons === 0) return;
      const far = Math.abs(event.clientX - from.x);
      if (!line.hasPointerCapture(event.pointerId)) {
        if (far < DRAG_PX || far < Math.abs(event.clientY - from.y)) return;
        line.setPointerCapture(event.pointerId);
      }
      const { left, width } = line.getBoundingClientRect();
      const input = this.inputs[pointAt((event.clientX - left) / width, this.question.points) - 1];
      if (!input || input.checked) return;
      input.checked = true;
      input.focus({ preventScroll: true });
      this.update();
      this.changed();
    });
    for (const over of ["pointerup", "pointercancel"] as const) line.addEventListener(over, () => (from = null));
  }

  private update(): void {
    if (this.clear) this.clear.hidden = this.read() === null;
  }
}

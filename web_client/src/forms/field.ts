/** One question on the page: its words, its inputs, and the sentence that says what is missing. */
import { inertNodes } from "../scenes/html";
import { element } from "../view/dom";
import type { Answer, FormQuestion } from "./answers";

export interface FormField {
  readonly question: FormQuestion;
  readonly view: HTMLElement;
  read(): Answer;
  show(answer: Answer): void;
  /** Say what is wrong with the answer, or take the words away (null). */
  setError(text: string | null): void;
  focus(): void;
}

/** Counts through the fields of a page, for the ids that tie texts to inputs. */
export type FieldNumber = number;

export function fieldId(number: FieldNumber, part: string): string {
  return `mug-question-${number}-${part}`;
}

/** The words of a question, and that it may be left out. */
export function questionWords(question: FormQuestion): (Node | string)[] {
  const words: (Node | string)[] = [inertNodes(question.label_html)];
  if (!question.required) words.push(" ", element("span", { class: "optional" }, "(optional)"));
  return words;
}

export function errorLine(number: FieldNumber): HTMLElement {
  return element("p", { class: "question-error", id: fieldId(number, "error") });
}

/** Radios cannot be unchosen; where an answer may be left out, this button takes it back. */
export function clearButton(question: FormQuestion, clear: () => void): HTMLButtonElement | null {
  if (question.required || question.kind === "text" || (question.kind === "choice" && question.multiple)) return null;
  const button = element("button", { type: "button", class: "clear-answer", hidden: "" }, "Clear this answer");
  button.addEventListener("click", clear);
  return button;
}

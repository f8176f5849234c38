/** The answers to a form: what counts as one, what is missing, what goes up. Pure. */
import type { ChoiceQuestion, FormContent, ScaleQuestion, TextQuestion } from "../protocol/messages";

export type FormItem = FormContent["items"][number];
export type FormQuestion = TextQuestion | ChoiceQuestion | ScaleQuestion;
/** A text, a point of a scale, the choices that were made; null: no answer. */
export type Answer = string | number | string[] | null;
export type Answers = Map<string, Answer>;

export function questionsOf(items: readonly FormItem[]): FormQuestion[] {
  return items.filter((item): item is FormQuestion => item.kind !== "heading");
}

/** Whether this is more than nothing (spaces are nothing). */
export function isAnswered(answer: Answer): boolean {
  if (typeof answer === "string") return answer.trim() !== "";
  return Array.isArray(answer) ? answer.length > 0 : answer !== null;
}

/** The questions that must be answered and are not, in the order of the page. */
export function missing(questions: readonly FormQuestion[], answers: ReadonlyMap<string, Answer>): string[] {
  return questions
    .filter((question) => question.required && !isAnswered(answers.get(question.question_id) ?? null))
    .map((question) => question.question_id);
}

/** A kept value as an answer to this question; null when it is none. */
export function answerFrom(question: FormQuestion, kept: unknown): Answer {
  switch (question.kind) {
    case "text":
      return typeof kept === "string" && kept !== "" ? kept.slice(0, question.max_chars) : null;
    case "scale":
      return typeof kept === "number" && Number.isInteger(kept) && kept >= 1 && kept <= question.points ? kept : null;
    case "choice": {
      if (!question.multiple) return typeof kept === "string" && question.choices.includes(kept) ? kept : null;
      const chosen = Array.isArray(kept) ? question.choices.filter((choice) => kept.includes(choice)) : [];
      return chosen.length > 0 ? chosen : null;
    }
  }
}

export interface AnswerRow {
  question_id: string;
  /** As given; null: no answer. */
  answer: Answer;
  submission: number;
}

/** The rows of one submission, one for each question, answered or not. */
export function rowsOf(questions: readonly FormQuestion[], answers: ReadonlyMap<string, Answer>, submission: number): AnswerRow[] {
  return questions.map(({ question_id }) => ({ question_id, answer: answers.get(question_id) ?? null, submission }));
}

/** What a participant reads at a question that still needs an answer. */
export function missingWords(question: FormQuestion): string {
  switch (question.kind) {
    case "text":
      return "Please write an answer.";
    case "scale":
      return "Please choose a point on the scale.";
    case "choice":
      return question.multiple ? "Please choose at least one answer." : "Please choose an answer.";
  }
}

/** What stands beside the button. */
export function leftWords(count: number): string {
  return count === 1 ? "One question still needs an answer." : `${count} questions still need an answer.`;
}

import { describe, expect, it } from "vitest";
import { answerFrom, isAnswered, leftWords, missing, questionsOf, rowsOf, type Answer, type FormItem, type FormQuestion } from "../src/forms/answers";
import { DraftStore, type DraftStorage } from "../src/forms/drafts";
import { isFullyLabelled, labelPlaces, pointAt, pointWords } from "../src/forms/scale_points";

const TEXT: FormQuestion = { kind: "text", question_id: "text", label_html: "Why?", required: true, max_chars: 10 };
const SCALE: FormQuestion = { kind: "scale", question_id: "q1", label_html: "How?", required: false, points: 7, labels: ["no", "yes"] };
const CHOICE: FormQuestion = {
  kind: "choice",
  question_id: "option",
  label_html: "Which?",
  required: true,
  choices: ["a", "b", "c"],
  multiple: false,
  boxes: true,
  image: "",
  images: [],
};
const CHOICES: FormQuestion = { ...CHOICE, question_id: "q2", multiple: true };

describe("answers", () => {
  it("are questions without the headings", () => {
    const items: FormItem[] = [CHOICE, { kind: "heading", html: "<p>x</p>" }, SCALE];
    expect(questionsOf(items).map((question) => question.question_id)).toEqual(["option", "q1"]);
  });

  it("are more than spaces, and a list with something in it", () => {
    const given: [Answer, boolean][] = [[" \n", false], ["x", true], [null, false], [1, true], [[], false], [["a"], true]];
    for (const [answer, expected] of given) expect(isAnswered(answer)).toBe(expected);
  });

  it("are missing where they are required, in the order of the page", () => {
    const answers = new Map<string, Answer>([["text", "  "]]);
    expect(missing([CHOICE, SCALE, TEXT], answers)).toEqual(["option", "text"]);
    expect(missing([CHOICE, SCALE, TEXT], new Map<string, Answer>([["text", "x"], ["option", "b"]]))).toEqual([]);
  });

  it("become a row for each question, answered or not", () => {
    expect(rowsOf([TEXT, SCALE], new Map<string, Answer>([["q1", 3]]), 2)).toEqual([
      { question_id: "text", answer: null, submission: 2 },
      { question_id: "q1", answer: 3, submission: 2 },
    ]);
  });

  it("are taken back from a draft only as what the question takes", () => {
    expect(answerFrom(TEXT, "longer than ten")).toBe("longer tha");
    expect(answerFrom(TEXT, 3)).toBeNull();
    expect(answerFrom(SCALE, 7)).toBe(7);
    for (const wrong of [0, 8, 2.5, "3", null]) expect(answerFrom(SCALE, wrong)).toBeNull();
    expect(answerFrom(CHOICE, "b")).toBe("b");
    expect(answerFrom(CHOICE, "d")).toBeNull();
    expect(answerFrom(CHOICES, ["c", "a", "d"])).toEqual(["a", "c"]);
    expect(answerFrom(CHOICES, "a")).toBeNull();
  });

  it("that are left are counted in words", () => {
    expect(leftWords(1)).toBe("One question still needs an answer.");
    expect(leftWords(3)).toBe("3 questions still need an answer.");
  });
});

describe("a scale", () => {
  it("takes the point under a place, and its ends beyond them", () => {
    expect([-0.2, 0, 0.04, 0.5, 0.999, 1, 3].map((along) => pointAt(along, 21))).toEqual([1, 1, 1, 11, 21, 21, 21]);
  });

  it("has its labels evenly from the first point to the last", () => {
    const places = labelPlaces(21, 5);
    expect(places.map(({ centre }) => Math.round(centre * 21 + 0.5))).toEqual([1, 6, 11, 16, 21]);
    expect(places.every(({ align }) => align === "centre")).toBe(true);
    expect(labelPlaces(7, 2).map(({ align }) => align)).toEqual(["start", "end"]);
    expect(labelPlaces(7, 3).map(({ align }) => align)).toEqual(["start", "centre", "end"]);
    expect(labelPlaces(7, 0)).toEqual([]);
  });

  it("says a point's number, and the label below it", () => {
    const labels = ["low", "", "high"];
    expect(pointWords(1, 21, labels)).toBe("low, 1 of 21");
    expect(pointWords(11, 21, labels)).toBe("11 of 21");
    expect(pointWords(21, 21, labels)).toBe("high, 21 of 21");
    expect(pointWords(2, 21, [])).toBe("2 of 21");
    expect(pointWords(3, 6, ["a", "b", "c"])).toBe("3 of 6");
  });

  it("shows a label at each point when there is one for each", () => {
    expect(isFullyLabelled({ points: 2, labels: ["no", "yes"] })).toBe(true);
    expect(isFullyLabelled({ points: 2, labels: ["no", " "] })).toBe(false);
    expect(isFullyLabelled({ points: 3, labels: ["no", "yes"] })).toBe(false);
  });
});

class Shelf implements DraftStorage {
  readonly kept = new Map<string, string>();
  get length(): number {
    return this.kept.size;
  }
  key(index: number): string | null {
    return [...this.kept.keys()][index] ?? null;
  }
  getItem(name: string): string | null {
    return this.kept.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.kept.set(name, value);
  }
  removeItem(name: string): void {
    this.kept.delete(name);
  }
}

describe("a draft", () => {
  const EMPTY = { answers: {}, fields: {}, submissions: 0 };

  it("outlives a reload, for its visit and its participant alone", () => {
    const shelf = new Shelf();
    new DraftStore(shelf, "s1", "ann").save("v1", { answers: { text: "so far" }, fields: { seat: "7" }, submissions: 1 });
    expect(new DraftStore(shelf, "s1", "ann").load("v1")).toEqual({ answers: { text: "so far" }, fields: { seat: "7" }, submissions: 1 });
    expect(new DraftStore(shelf, "s1", "ann").load("v2")).toEqual(EMPTY);
    expect(new DraftStore(shelf, "s1", "bob").load("v1")).toEqual(EMPTY);
    expect(new DraftStore(shelf, "s2", "ann").load("v1")).toEqual(EMPTY);
  });

  it("is gone when the participant is at another page", () => {
    const shelf = new Shelf();
    const drafts = new DraftStore(shelf, "s1", "ann");
    drafts.save("v1", { answers: { text: "x" }, fields: {}, submissions: 0 });
    drafts.keepOnly("v1");
    expect(shelf.length).toBe(1);
    drafts.keepOnly("v2");
    expect(shelf.length).toBe(0);
    expect(drafts.load("v1")).toEqual(EMPTY);
  });

  it("lives as long as the page where nothing can be kept", () => {
    const full = new Shelf();
    full.setItem = () => {
      throw new Error("full");
    };
    for (const storage of [null, full]) {
      const drafts = new DraftStore(storage, "s1", "ann");
      drafts.save("v1", { answers: { text: "x" }, fields: {}, submissions: 0 });
      expect(drafts.load("v1").answers).toEqual({ text: "x" });
    }
  });

  it("that cannot be read is none", () => {
    const shelf = new Shelf();
    for (const broken of ["{", "[]", "3", '{"visitId": "v1"}', '{"visitId":"v1","answers":null,"fields":{},"submissions":0,"at":1}']) {
      shelf.setItem("mug:draft:s1:ann", broken);
      expect(new DraftStore(shelf, "s1", "ann").load("v1")).toEqual(EMPTY);
    }
  });

  it("of people who never came back is forgotten beyond twenty", () => {
    const shelf = new Shelf();
    shelf.setItem("mug:participants", "[]");
    for (let number = 0; number < 30; number++) {
      const name = `p${number}`;
      new DraftStore(shelf, "s1", name, () => number).save("v1", { answers: { text: name }, fields: {}, submissions: 0 });
    }
    const names = [...shelf.kept.keys()].filter((name) => name.startsWith("mug:draft:"));
    expect(names.length).toBe(20);
    expect(names).toContain("mug:draft:s1:p29");
    expect(names).not.toContain("mug:draft:s1:p9");
    expect(shelf.getItem("mug:participants")).toBe("[]");
  });
});

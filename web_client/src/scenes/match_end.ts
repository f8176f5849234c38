/** The words for a game of several people that ended before its end. Somebody reads them, then goes on. */
import { element } from "../view/dom";
import { noticePage } from "./notices";
import { StudyPage } from "./study_page";

export type EarlyEnd =
  /** A partner is gone. */
  | "partner_left"
  /** Nobody reached anybody for too long. */
  | "void"
  /** The pages do not run the same program. */
  | "refused"
  /** This page was away for too long. */
  | "dropped"
  /** This page was loaded again in the middle of the game, and could not come back into it. */
  | "not_back"
  /** The server could not bring the game to its end. */
  | "failed";

const WORDS: Readonly<Record<EarlyEnd, readonly [string, string]>> = {
  partner_left: [
    "Your partner has left the game",
    "So the game ends here. This is not your fault, and everything you did is saved. The study goes on with the next page.",
  ],
  void: [
    "The game could not be finished",
    "The connection between the players was interrupted for too long. This is not your fault, and everything you did is saved. The study goes on with the next page.",
  ],
  refused: [
    "The game could not begin",
    "The computers of the players do not run exactly the same program. This is not your fault. Please tell the person who runs the study.",
  ],
  dropped: [
    "The game has ended for you",
    "Your connection was interrupted for too long, and the others could not wait any longer. What you did before is saved. The study goes on with the next page.",
  ],
  not_back: [
    "The game has ended for you",
    "This page was loaded again in the middle of the game, and could not be brought back to where the others are. What you did before is saved. The study goes on with the next page.",
  ],
  failed: [
    "The game could not be finished",
    "Something in the game's program failed. This is not your fault, and everything you did is saved. The study goes on with the next page.",
  ],
};

/** The study ends with the game; everything is saved first. `message`: the study's words. */
export function lastSavingPage(message: string): HTMLElement {
  const [title] = WORDS.partner_left;
  return noticePage({ title, text: `${message || "So the study ends here. This is not your fault."}\nSaving your data…`, working: true });
}

/** `message`: the server's own words, in place of ours. */
export function earlyEndPage(end: EarlyEnd, message: string, subjectId: string, sceneId: string, onContinue: () => void): StudyPage {
  const [title, text] = WORDS[end];
  return new StudyPage({
    header: title,
    subheader: "",
    body: element("p", { "data-mug": "match-end" }, message || text).outerHTML,
    continueLabel: "Continue",
    content: {
      sceneId,
      subjectId,
      globals: () => ({}),
      changeGlobals: () => undefined,
      callback: () => undefined,
      scriptError: () => undefined,
    },
    onContinue,
  });
}

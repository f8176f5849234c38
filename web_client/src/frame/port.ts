/** Messages between our page and the frame that runs a study's HTML with scripts. */

import type { GlobalsChange } from "../globals_change";

/** page -> frame; the first one brings the message port. */
export type ToFrame =
  | { op: "open"; html: string; globals: Record<string, unknown>; subjectId: string; sceneId: string }
  | { op: "globals"; change: GlobalsChange };

/** frame -> page */
export type FromFrame =
  | { op: "ready" }
  | { op: "height"; px: number }
  /** All named values of the page now: its form fields and what its script set. */
  | { op: "values"; values: Record<string, unknown> }
  | { op: "globals"; change: GlobalsChange }
  | { op: "allow_continue"; allowed: boolean }
  | { op: "continue" }
  | { op: "callback"; data: Record<string, unknown> }
  | { op: "error"; message: string; traceback: string };

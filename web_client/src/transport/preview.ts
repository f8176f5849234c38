/**
 * A preview of a study that is being made: when its server was started anew, with a changed study, a page that comes
 * back to it finds another session there. Such a page loads itself, and so begins anew.
 */
import type { Welcome } from "../protocol/messages";

export function isAnotherPreview(before: { sessionId: string } | null, welcome: Pick<Welcome, "preview" | "session_id">): boolean {
  return welcome.preview && before !== null && before.sessionId !== welcome.session_id;
}

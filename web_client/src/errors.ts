/** What a thrown value says, as the server is told. */
import type { ClientError } from "./protocol/messages";

export function describe(error: unknown, kind: string): Omit<ClientError, "op" | "visit_id"> {
  const isError = error instanceof Error;
  return { kind, message: isError ? `${error.name}: ${error.message}` : String(error), traceback: isError ? (error.stack ?? "") : "", fatal: false };
}

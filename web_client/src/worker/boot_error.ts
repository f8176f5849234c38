/** Why Python could not be booted: a sentence for people. */
export class BootError extends Error {
  override readonly name = "BootError";
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

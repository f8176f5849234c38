/** The last lines of a console and its errors, so that a report of a failure says what came before it. */

const KEPT_LINES = 60;
const MAX_CHARS = 400;
const LEVELS = ["log", "info", "warn", "error"] as const;

export type LogLevel = (typeof LEVELS)[number];
export type LoggingConsole = Pick<Console, LogLevel>;

export interface PageLine {
  at: string;
  level: LogLevel;
  text: string;
}

export class PageLog {
  private readonly kept: string[] = [];

  /** `at`: ISO-8601 UTC. */
  add({ at, level, text }: PageLine): void {
    this.kept.push(`${at.slice(11, 23)} ${level} ${text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text}`);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
  }

  error(text: string): void {
    this.add({ at: new Date().toISOString(), level: "error", text });
  }

  /** Oldest first, each `HH:MM:SS.mmm level text`. */
  lines(): string[] {
    return [...this.kept];
  }
}

/** Every line of the console is taken, too; it is written as before. */
export function listenToConsole(target: LoggingConsole, take: (line: PageLine) => void): void {
  for (const level of LEVELS) {
    const write = target[level].bind(target);
    target[level] = (...values: unknown[]) => {
      write(...values);
      take({ at: new Date().toISOString(), level, text: values.map(asText).join(" ") });
    };
  }
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? String(value);
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value).slice(0, MAX_CHARS);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

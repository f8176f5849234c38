/**
 * What a participant has typed and not yet handed in, kept in localStorage so that a reload or a closed lid loses
 * nothing. One draft a participant: of the page that they are on. It is written at once with every change.
 */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export interface Draft {
  answers: Record<string, unknown>;
  /** Of the fields in the study's own HTML. */
  fields: Record<string, unknown>;
  /** How often the page was handed in from here. */
  submissions: number;
}

interface StoredDraft extends Draft {
  visitId: string;
  at: number;
}

const PREFIX = "mug:draft:";
/** Drafts of people who never came back are forgotten beyond this many. */
const KEPT = 20;

export class DraftStore {
  /** Without storage (blocked, full) the draft lives as long as the page. */
  private memory: StoredDraft | null = null;
  private readonly key: string;

  constructor(
    private readonly storage: DraftStorage | null,
    sessionId: string,
    participantId: string,
    private readonly now: () => number = () => Date.now(),
  ) {
    this.key = `${PREFIX}${sessionId}:${participantId}`;
    this.prune();
  }

  /** The draft of this visit; empty when there is none. */
  load(visitId: string): Draft {
    const found = this.memory ?? this.read(this.key);
    if (found?.visitId !== visitId) return { answers: {}, fields: {}, submissions: 0 };
    return { answers: found.answers, fields: found.fields, submissions: found.submissions };
  }

  save(visitId: string, { answers, fields, submissions }: Draft): void {
    this.memory = { visitId, answers, fields, submissions, at: this.now() };
    try {
      this.storage?.setItem(this.key, JSON.stringify(this.memory));
    } catch {
      // The memory copy serves this page; only a reload would lose what is not handed in.
    }
  }

  /** The participant is at this visit: the server has what belongs to another one. */
  keepOnly(visitId: string): void {
    const found = this.memory ?? this.read(this.key);
    if (found === null || found.visitId === visitId) return;
    this.memory = null;
    this.remove(this.key);
  }

  private read(key: string): StoredDraft | null {
    try {
      const parsed: unknown = JSON.parse(this.storage?.getItem(key) ?? "null");
      return isDraft(parsed) ? parsed : null;
    } catch {
      return null;
    }
  }

  private remove(key: string): void {
    try {
      this.storage?.removeItem(key);
    } catch {
      // A storage that does not let go is pruned when it works again.
    }
  }

  private prune(): void {
    const { storage } = this;
    if (!storage) return;
    try {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      const drafts = names.filter((name) => name.startsWith(PREFIX) && name !== this.key);
      if (drafts.length < KEPT) return;
      const aged = drafts.map((name) => ({ name, at: this.read(name)?.at ?? 0 })).sort((a, b) => b.at - a.at);
      for (const { name } of aged.slice(KEPT - 1)) this.remove(name);
    } catch {
      // Nothing can be kept there anyway.
    }
  }
}

function isDraft(value: unknown): value is StoredDraft {
  if (!isObject(value)) return false;
  const { visitId, answers, fields, submissions, at } = value as Record<string, unknown>;
  return typeof visitId === "string" && isObject(answers) && isObject(fields) && typeof submissions === "number" && typeof at === "number";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

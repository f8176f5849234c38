/**
 * The title in the browser's tab: the study's, before it what happens now, and a call for somebody who looks at another
 * tab.
 */

const BLINK_MS = 1000;

/** What is used of the document. */
export type TitledDocument = Pick<Document, "title" | "visibilityState" | "addEventListener">;

export class PageTitle {
  private note = "";
  private called = "";
  private lit = false;
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly page: TitledDocument,
    private study = page.title,
  ) {
    page.addEventListener("visibilitychange", () => {
      if (page.visibilityState === "visible") this.hush();
    });
  }

  setStudy(title: string): void {
    this.study = title;
    this.write();
  }

  /** Before the study's title; empty takes it away. */
  setNote(note: string): void {
    if (note === this.note) return;
    this.note = note;
    this.write();
  }

  /** While the page is hidden its title changes to and fro between these words and its own; who looks at it needs none. */
  call(words: string): void {
    if (this.page.visibilityState === "visible") return;
    this.called = words;
    this.lit = true;
    this.timer ??= setInterval(() => {
      this.lit = !this.lit;
      this.write();
    }, BLINK_MS);
    this.write();
  }

  private hush(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.lit = false;
    this.write();
  }

  private write(): void {
    const own = this.note ? `${this.note} · ${this.study}` : this.study;
    const title = this.lit ? this.called : own;
    if (this.page.title !== title) this.page.title = title;
  }
}

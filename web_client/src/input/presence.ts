/** Whether somebody can play here: the page is visible and its window has the focus. */
export class Presence {
  private readonly abort = new AbortController();
  private hidden = false;

  /** `changed` is told at once how it is, then of every change. */
  constructor(private readonly changed: (hidden: boolean) => void) {
    const { signal } = this.abort;
    const look = (): void => this.look();
    window.addEventListener("focus", look, { signal });
    window.addEventListener("blur", look, { signal });
    document.addEventListener("visibilitychange", look, { signal });
    this.hidden = isAway();
    changed(this.hidden);
  }

  stop(): void {
    this.abort.abort();
  }

  private look(): void {
    if (isAway() === this.hidden) return;
    this.hidden = !this.hidden;
    this.changed(this.hidden);
  }
}

function isAway(): boolean {
  return document.visibilityState !== "visible" || !document.hasFocus();
}

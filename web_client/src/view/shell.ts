/**
 * The page around the scenes: what is shown, the phase and scene hooks on the body, and the one line that says what is
 * happening with the connection.
 */
export type Phase =
  | "connecting"
  | "loading"
  | "page"
  | "waiting"
  | "matching"
  | "countdown"
  | "playing"
  | "ended"
  | "excluded"
  | "error";

export type PhaseListener = (phase: Phase, detail: string, fraction: number | null) => void;

export class Shell {
  private current: Phase = "connecting";
  private listener: PhaseListener = () => undefined;
  private readonly warnings = new Map<string, string>();

  constructor(
    private readonly root: HTMLElement,
    private readonly statusLine: HTMLElement,
    private readonly banner: HTMLElement,
  ) {}

  get phase(): Phase {
    return this.current;
  }

  onPhase(listener: PhaseListener): void {
    this.listener = listener;
  }

  /** Replace what is shown, then say in which phase the page is: who sees the phase sees its page. */
  show(view: HTMLElement, phase: Phase, detail = ""): void {
    this.root.replaceChildren(view);
    window.scrollTo(0, 0);
    this.setPhase(phase, detail);
  }

  setPhase(phase: Phase, detail = "", fraction: number | null = null): void {
    this.current = phase;
    document.body.dataset["mugPhase"] = phase;
    this.listener(phase, detail, fraction);
  }

  setScene(sceneId: string): void {
    document.body.dataset["mugScene"] = sceneId;
  }

  setTitle(title: string): void {
    if (title) document.title = title;
  }

  /** A warning above the page, which moves down for it: nothing of a game is covered. Null takes this kind away. */
  setWarning(kind: string, text: string | null): void {
    this.warnings.delete(kind);
    if (text !== null) this.warnings.set(kind, text);
    const latest = [...this.warnings.values()].at(-1) ?? "";
    if (this.banner.textContent === latest) return;
    this.banner.textContent = latest;
    this.banner.classList.toggle("shown", latest !== "");
  }

  clearWarnings(): void {
    for (const kind of [...this.warnings.keys()]) this.setWarning(kind, null);
  }

  /** One calm line over the page, read out politely; null takes it away. */
  setStatus(text: string | null): void {
    if (this.statusLine.textContent === (text ?? "")) return;
    this.statusLine.textContent = text ?? "";
    this.statusLine.classList.toggle("shown", text !== null);
  }
}

/**
 * The page around the scenes: what is shown, the phase and scene hooks on the body, and the one line that says what is
 * happening with the connection.
 */
import { element } from "./dom";
import type { PageTitle } from "./page_title";

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

/** The page's fixed elements. */
export interface ShellPlaces {
  app: HTMLElement;
  /** Above every page. */
  notice: HTMLElement;
  /** Above every page, below the notice. */
  warning: HTMLElement;
  /** The one line at the bottom. */
  status: HTMLElement;
  /** In a corner, in previews only. */
  preview: HTMLElement;
}

export type PhaseListener = (phase: Phase, detail: string, fraction: number | null) => void;

export class Shell {
  private current: Phase = "connecting";
  private listener: PhaseListener = () => undefined;
  private readonly warnings = new Map<string, string>();

  constructor(
    private readonly places: ShellPlaces,
    readonly title: PageTitle,
  ) {}

  get phase(): Phase {
    return this.current;
  }

  onPhase(listener: PhaseListener): void {
    this.listener = listener;
  }

  /** Replace what is shown, then say in which phase the page is: who sees the phase sees its page. */
  show(view: HTMLElement, phase: Phase, detail = ""): void {
    this.places.app.replaceChildren(view);
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

  /** Why the participant is here, above the page, as long as this scene is shown; empty: nothing. */
  setNotice(text: string): void {
    const { notice } = this.places;
    notice.replaceChildren(...(text ? [element("p", {}, text)] : []));
    notice.classList.toggle("shown", text !== "");
  }

  /** A warning above the page, which moves down for it: nothing of a game is covered. Null takes this kind away. */
  setWarning(kind: string, text: string | null): void {
    this.warnings.delete(kind);
    if (text !== null) this.warnings.set(kind, text);
    const latest = [...this.warnings.values()].at(-1) ?? "";
    const { warning } = this.places;
    if (warning.textContent === latest) return;
    warning.textContent = latest;
    warning.classList.toggle("shown", latest !== "");
  }

  /** Nothing of what happens here is kept: say so for good. */
  markAsPreview(): void {
    this.places.preview.textContent = "Preview";
  }

  clearWarnings(): void {
    for (const kind of [...this.warnings.keys()]) this.setWarning(kind, null);
  }

  /** One calm line over the page, read out politely; null takes it away. */
  setStatus(text: string | null): void {
    const { status } = this.places;
    if (status.textContent === (text ?? "")) return;
    status.textContent = text ?? "";
    status.classList.toggle("shown", text !== null);
  }
}

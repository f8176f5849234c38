/** What the experimenter asks of a desk's page that needs nothing of what the page is doing: at home or taking part. */
import { isFullscreen } from "../monitor/monitor";
import { element } from "../view/dom";

const SHOWN_MS = 4000;
export const NEEDS_CLICK = "needs a click at the desk";

/** The desk's name over everything, for a few seconds. */
export function identify(text: string): void {
  document.querySelector(".seat-identify")?.remove();
  const size = `min(40vh, ${Math.round(140 / Math.max(text.length, 1))}vw)`;
  const shown = element("div", { class: "seat-identify", role: "alert", "data-mug": "seat-identify" }, text);
  shown.style.fontSize = size;
  document.body.append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

/** Browsers fill the screen only where somebody clicks or presses a key: `done` is told of that, and again afterwards. */
export async function goToFullscreen(done: (error: string) => void): Promise<void> {
  if (isFullscreen()) return done("");
  if (!document.documentElement.requestFullscreen) return done("this browser cannot fill the screen");
  try {
    await document.documentElement.requestFullscreen();
    done("");
  } catch {
    offerFullscreen(done);
    done(NEEDS_CLICK);
  }
}

function offerFullscreen(done: (error: string) => void): void {
  document.querySelector(".seat-fullscreen")?.remove();
  const button = element("button", { type: "button", class: "button seat-fullscreen", "data-mug": "seat-fullscreen" }, "Go to full screen");
  button.addEventListener("click", () => {
    button.remove();
    document.documentElement.requestFullscreen().then(
      () => done(""),
      (error: unknown) => done(`the browser did not fill the screen: ${error instanceof Error ? error.message : String(error)}`),
    );
  });
  document.body.append(button);
}

/** The page of somebody who waits for the experimenter, before the doors open or before the study begins. */
import type { Held } from "../protocol/messages";
import { noticePage } from "../scenes/notices";

const PAGES: Readonly<Record<string, { title: string; text: string }>> = {
  doors: { title: "The session has not begun yet", text: "Please wait; this page goes on by itself." },
  start: { title: "You are in", text: "The study begins as soon as the experimenter starts it." },
};
const OTHER = { title: "Please wait", text: "This page goes on by itself." };

export function heldPage({ why, message = "" }: Held): HTMLElement {
  const { title, text } = PAGES[why] ?? OTHER;
  const page = noticePage({ title, text: message || text, working: true });
  page.dataset["mug"] = "held";
  return page;
}

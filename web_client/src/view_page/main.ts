/**
 * The read-only view of a session for a second screen: asks every two seconds, shows what the server says. The token
 * stands behind the address's #, so that no log holds it. Nothing is shared with the participants' page: theirs must not
 * grow by this one.
 */
import "./view.css";
import { columnsFor, countsShown, placeWords, shapeOf, stageLine, type PersonShown, type SessionShown } from "./session_words";

const EVERY_MS = 2000;
const PATIENCE_MS = 6000;

function required(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

function made(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const places = { title: required("title"), stage: required("stage"), trouble: required("trouble"), counts: required("counts"), people: required("people") };
let shownAt: Date | null = null;

function say(trouble: string): void {
  if (places.trouble.textContent !== trouble) places.trouble.textContent = trouble;
  places.trouble.hidden = trouble === "";
  document.body.classList.toggle("stale", trouble !== "");
}

function show(session: SessionShown): void {
  document.title = session.title;
  document.body.dataset["stage"] = session.stage;
  places.title.textContent = session.title;
  places.stage.textContent = stageLine(session);
  places.counts.replaceChildren(
    ...countsShown(session).map(({ name, value }) => made("div", "count", made("strong", "", value), made("span", "", name))),
  );
  const { participants } = session;
  if (participants.length === 0) {
    places.people.replaceChildren(made("p", "nobody", "Nobody has come yet."));
    return;
  }
  const columns = columnsFor(participants.length);
  const rows = Math.ceil(participants.length / columns);
  places.people.dataset["columns"] = String(columns);
  places.people.replaceChildren(
    ...Array.from({ length: columns }, (_, column) => table(participants.slice(column * rows, (column + 1) * rows))).filter((part) => part !== null),
  );
}

function table(people: readonly PersonShown[]): HTMLElement | null {
  if (people.length === 0) return null;
  const seats = people.some(({ seat }) => seat !== "");
  const names = ["Who", ...(seats ? ["Seat"] : []), "State", "Scene", "Progress", "Ping"];
  const head = made("thead", "", made("tr", "", ...names.map((name) => heading(name))));
  const body = made("tbody", "", ...people.map((person) => row(person, seats)));
  return made("table", "", head, body);
}

function heading(name: string): HTMLElement {
  const cell = made("th", "", name);
  cell.setAttribute("scope", "col");
  return cell;
}

function row(person: PersonShown, seats: boolean): HTMLElement {
  const { id, seat, state, progress, ping_ms: ping, hand } = person;
  const shape = made("span", "shape", shapeOf(state));
  shape.setAttribute("aria-hidden", "true");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = progress;
  bar.setAttribute("aria-label", `${Math.round(progress * 100)} percent`);
  const line = made(
    "tr",
    "",
    made("td", "id", id),
    ...(seats ? [made("td", "", seat)] : []),
    made("td", "state", shape, state, ...(hand ? [made("span", "hand", "hand raised")] : [])),
    made("td", "place", placeWords(person)),
    made("td", "progress", bar),
    made("td", "ping", ping === null ? "" : `${ping} ms`),
  );
  line.dataset["state"] = state;
  return line;
}

function empty(): void {
  shownAt = null;
  places.title.textContent = document.title = "Session";
  places.stage.textContent = "";
  places.counts.replaceChildren();
  places.people.replaceChildren();
}

async function look(): Promise<void> {
  const token = window.location.hash.slice(1);
  if (!token) {
    empty();
    say("This address is not complete. Open it again from MUG Lab.");
    return;
  }
  try {
    const answer = await fetch("/_mug/view/data", {
      headers: { Authorization: `Bearer ${token}` },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 403) {
      empty();
      say("This view has ended. The experimenter can make a new one in MUG Lab.");
    } else if (!answer.ok) throw new Error(`status ${answer.status}`);
    else {
      const session = (await answer.json()) as SessionShown;
      shownAt = new Date();
      show(session);
      say("");
    }
  } catch {
    const since = shownAt ? ` What you see is from ${shownAt.toLocaleTimeString()}.` : "";
    say(`The server does not answer.${since} Trying again…`);
  }
}

function keepLooking(): void {
  void look().finally(() => setTimeout(keepLooking, EVERY_MS));
}

window.addEventListener("hashchange", () => void look());
keepLooking();

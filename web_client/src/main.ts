/** The page's composition root: builds the parts and wires them. Nothing of it is reachable from `window`. */
import "./styles/page.css";
import "./styles/form.css";
import "./styles/seat.css";
import "./styles/care.css";
import "./styles/build.css";
import { Care } from "./care/care";
import { listenToConsole, PageLog } from "./care/page_log";
import { describe } from "./errors";
import { Monitor } from "./monitor/monitor";
import { ServerClock } from "./monitor/server_clock";
import { countKept } from "./outbox/store";
import { Participation } from "./participation";
import { PROTOCOL_VERSION, type Hello, type KeptChunks, type SeatHello } from "./protocol/messages";
import { noticePage } from "./scenes/notices";
import { deskOfPath, rememberedDesk } from "./seat/desk";
import { Seat } from "./seat/seat";
import { parseAddress } from "./transport/address";
import { describeBrowser } from "./transport/browser";
import { Connection } from "./transport/connection";
import { claimTabId, randomId, releaseTabId } from "./transport/tab";
import { storageOrNull, TokenStore } from "./transport/tokens";
import { PageTitle } from "./view/page_title";
import { Shell } from "./view/shell";

const COUNTING_MS = 300;

function required(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

function start(): void {
  const places = {
    app: required("mug-app"),
    notice: required("mug-notice"),
    warning: required("mug-warning"),
    status: required("mug-status"),
    preview: required("mug-preview"),
  };
  const shell = new Shell(places, new PageTitle(document));
  if (typeof indexedDB === "undefined") {
    const text =
      "This browser cannot keep your answers safe when the connection breaks (IndexedDB is missing or switched off).\n" +
      "Please open this address in a current version of Chrome, Edge, Firefox or Safari, or tell the person who runs the study.";
    shell.show(noticePage({ title: "This browser cannot run the study", text, alert: true }), "error", "IndexedDB is missing");
    return;
  }
  const sessionStorage = storageOrNull("sessionStorage");
  const tokens = new TokenStore(storageOrNull("localStorage"));
  const tabId = claimTabId(sessionStorage, randomId);
  const build = document.querySelector<HTMLMetaElement>('meta[name="mug-build"]')?.content ?? "";
  const address = parseAddress(window.location.pathname, window.location.search);
  const clock = new ServerClock();
  const desk = rememberedDesk(window.location.pathname, sessionStorage);
  const atHome = deskOfPath(window.location.pathname) !== null;
  if (atHome) address.subjectId = "";
  const seat: Seat | null =
    desk === null
      ? null
      : new Seat(desk, atHome, {
          shell,
          build,
          tabId,
          session: sessionStorage,
          clock,
          say: (message) => connection.say(message),
          retry: () => connection.retry(),
          sessionId: () => participation.sessionId(),
        });

  const log = new PageLog();
  listenToConsole(console, (line) => log.add(line));
  const carePlaces = { app: places.app, told: required("mug-told"), pause: required("mug-pause"), help: required("mug-help") };
  const care = new Care(carePlaces, sessionStorage, randomId, {
    send: (message) => participation.send(message),
    event: (name, data) => participation.event(name, data),
    hold: (held) => participation.hold(held),
  });
  const participation: Participation = new Participation({
    shell,
    care,
    log,
    tokens,
    session: sessionStorage,
    build,
    echo: (n) => monitor.echo(n),
    tick: (ms) => monitor.tick(ms),
    measureEvery: (ms) => monitor.measureEvery(ms),
    clock,
    seat,
  });
  const monitor = new Monitor(participation.monitorPort());

  let kept: KeptChunks[] = [];
  const counted = countKept().then(
    (found) => void (kept = found),
    () => undefined, // the outbox itself tells of a storage that fails
  );

  const hello = (): Hello | SeatHello => {
    const seated = seat?.hello(participation.isOver);
    if (seated) return seated;
    const me = participation.identity();
    const subjectId = me?.participantId ?? address.subjectId;
    return {
      op: "participant.hello",
      protocol: PROTOCOL_VERSION,
      build,
      tab_id: tabId,
      subject_id: subjectId,
      token: me?.token ?? null,
      candidates: tokens.candidates(subjectId),
      params: address.params,
      environment: describeBrowser(),
      kept,
      seat: desk ?? "",
    };
  };
  const connection = new Connection({
    hello,
    received: (message) => {
      if (message.op === "pulse.echo") clock.echoed(message.client_ms, message.server_time);
      if (!seat?.received(message)) participation.received(message);
    },
    stateChanged: (state) => {
      if (state === "lost") {
        monitor.connectionLost();
        seat?.connectionLost();
      }
      participation.connectionChanged(state);
    },
  });
  participation.use(connection);
  shell.onPhase((phase, detail, fraction) => {
    care.phaseChanged(phase);
    participation.phaseChanged(phase, detail, fraction);
  });

  window.addEventListener("error", (event) => {
    // The browser's note that a size settles in the next frame is no failure.
    if (event.message.startsWith("ResizeObserver loop")) return;
    const error = describe(event.error ?? event.message, "script");
    log.error(`uncaught: ${error.message}`);
    participation.reportError(error);
  });
  window.addEventListener("unhandledrejection", (event) => {
    const error = describe(event.reason, "script");
    log.error(`unhandled rejection: ${error.message}`);
    participation.reportError(error);
  });
  window.addEventListener("pagehide", () => releaseTabId(sessionStorage));
  // Back from the browser's page cache: connections are dead there, and the server knows best where we are.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  monitor.start();
  // Counting takes a few milliseconds; a storage that hangs keeps nobody out.
  void Promise.race([counted, new Promise((resolve) => setTimeout(resolve, COUNTING_MS))]).then(() => connection.start());
}

start();

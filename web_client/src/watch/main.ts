/** The watching page: which match, whether it can be shown at all, and then the match. */
import "./watch.css";
import { parseWatchAddress, watchHash } from "./address";
import { WatchApi, type MatchDescription } from "./api";
import { LiveMatch } from "./live";
import { WatchView } from "./watch_view";
import { Watching, type WatchPhase } from "./watching";

function phase(now: WatchPhase): void {
  document.body.dataset["watchPhase"] = now;
}

async function start(): Promise<void> {
  const root = document.getElementById("watch");
  if (!root) return;
  const address = parseWatchAddress(window.location.hash);
  const api = new WatchApi(address.token);
  let watching: Watching | null = null;
  let live: LiveMatch | null = null;
  const view = new WatchView(root, {
    toggle: () => watching?.toggle(),
    follow: (on) => watching?.follow(on),
    step: (frames) => watching?.step(frames),
    seek: (frame) => watching?.seek(frame),
    toStart: () => watching?.toStart(),
    toEnd: () => watching?.toEnd(),
    round: (episode) => watching?.round(episode),
    speed: (speed) => watching?.speed(speed),
    recorder: (who) => watching?.recorder(who),
    seenBy: (agent) => (live ?? watching)?.seenBy(agent),
  });
  window.addEventListener("hashchange", () => window.location.reload());
  const failed = (text: string): void => {
    phase("failed");
    view.message(text, "error");
  };
  if (address.token === "") {
    failed("This address is not whole: open the match from MUG Lab, or with the address that `mug replay` prints.");
    return;
  }
  const show = (match: MatchDescription): void => {
    view.describe(match, address.recorder);
    const why = obstacle(match);
    if (why !== "") {
      failed(why);
      return;
    }
    if (match.on_server && match.state === "live" && match.content) {
      live = new LiveMatch(api, match, match.content, view, phase, (over) => {
        live = null;
        show(over);
      });
      live.start();
      return;
    }
    watching = new Watching(api, match, address.recorder, (recorder) => void (window.location.hash = watchHash({ ...address, recorder })), phase);
    watching.start(view);
  };
  view.message("Asking the server for the match…");
  try {
    if (address.match === "") {
      const matches = await api.matches();
      view.message(matches.length > 0 ? "Choose a match." : "This session has no match yet. Reload this page when one is played.", "");
      view.choose(matches, (match) => watchHash({ ...address, match }));
      phase("waiting");
      return;
    }
    show(await api.match(address.match));
  } catch (error) {
    failed(error instanceof Error ? error.message : String(error));
  }
}

/** Why a match cannot be shown; "" when nothing stands against it. */
function obstacle(match: MatchDescription): string {
  const build = document.querySelector<HTMLMetaElement>('meta[name="mug-build"]')?.content ?? "";
  if (match.build !== "" && match.build !== build) {
    return "This page is of another version of MUG than the server. Reload it; if that does not help, empty the browser's cache.";
  }
  return match.problem;
}

void start();

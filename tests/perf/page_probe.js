// Runs before the page's own scripts (as an init script of the browser) and only watches. Times are ms since navigation.
(() => {
  if (window.top !== window) return;
  const probe = (window.mugProbe = { marks: {}, shown: [], ticks: [], inputs: [], keys: [], clickedAt: null, skipPages: true });
  const mark = (name) => {
    if (!(name in probe.marks)) probe.marks[name] = performance.now();
  };

  const NativeWorker = window.Worker;
  window.Worker = class extends NativeWorker {
    constructor(url, options) {
      super(url, options);
      this.addEventListener("message", (event) => onWorker(event.data));
    }
  };

  function onWorker(message) {
    const at = performance.now();
    if (message?.op === "progress") mark(`python: ${message.stage}`);
    else if (message?.op === "booted" || message?.op === "loaded") mark(`python: ${message.op}`);
    else if (message?.op === "frame") {
      if (message.view.frame > 0) probe.ticks.push(message.view.tickMs);
    } else if (message?.op === "tail") {
      // The last entry is the newest frame's action; its status tells whether a key gave it.
      const { episode, first, entries } = message.tail;
      const newest = entries.at(-1);
      if (newest && atob(newest).includes("input")) probe.inputs.push({ at, episode, frame: first + entries.length - 1 });
    }
  }

  window.addEventListener("keydown", (event) => {
    if (!event.repeat && event.key.startsWith("Arrow")) probe.keys.push(event.timeStamp);
  }, true);
  window.addEventListener("click", (event) => {
    if (document.querySelector('[data-mug="continue"]')?.contains(event.target)) probe.clickedAt = event.timeStamp;
  }, true);

  let lastFrame = "";
  new MutationObserver(() => {
    const phase = document.body?.dataset.mugPhase;
    if (phase) mark(`phase: ${phase}`);
    const button = document.querySelector('[data-mug="continue"]');
    if (button && !button.disabled && phase === "page") {
      if (probe.skipPages && document.body.dataset.mugScene !== probe.gameScene) button.click();
      else if (document.body.dataset.mugScene === probe.gameScene) mark("ready");
    }
    const game = document.querySelector('[data-mug="game"]');
    const frame = game ? `${game.dataset.mugEpisode}/${game.dataset.mugFrame}` : "";
    if (game?.dataset.mugFrame !== undefined && frame !== lastFrame) {
      lastFrame = frame;
      const shown = { at: performance.now(), visibleAt: null, episode: Number(game.dataset.mugEpisode), frame: Number(game.dataset.mugFrame) };
      probe.shown.push(shown);
      requestAnimationFrame(() => (shown.visibleAt = performance.now()));
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
  probe.gameScene = "GAME_SCENE";
})();

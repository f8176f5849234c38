/** Press the space bar as soon as the light is on, three times in an episode. Speaks MUG's messages. */
const TRIALS = 3;
const words = document.querySelector("#words");
const light = document.querySelector("#light");

let trial = 0;
let times = [];
let litAt = null;
let timer = null;
let paused = false;

/** Everything that the page is told goes to the window around this one. */
function tell(message) {
  window.parent.postMessage(message, "*");
}

function next() {
  light.classList.remove("on");
  litAt = null;
  words.textContent = "Wait…";
  timer = setTimeout(() => {
    light.classList.add("on");
    litAt = performance.now();
    words.textContent = "Press the space bar now";
  }, 300 + 500 * Math.random());
}

function begin({ episode }) {
  trial = 0;
  times = [];
  tell({ mug: "episode_start", data: { episode, trials: TRIALS } });
  next();
}

window.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.repeat || paused) return;
  event.preventDefault();
  if (litAt === null) return;
  const ms = Math.round(performance.now() - litAt);
  litAt = null;
  times.push(ms);
  tell({ mug: "data", name: "press", values: { trial, ms } });
  trial += 1;
  if (trial < TRIALS) {
    next();
    return;
  }
  light.classList.remove("on");
  const mean = Math.round(times.reduce((sum, time) => sum + time, 0) / times.length);
  words.textContent = `${mean} ms on average`;
  tell({ mug: "answer", name: "fastest_ms", value: Math.min(...times) });
  tell({ mug: "episode_end", score: Math.max(0, 1000 - mean), data: { mean_ms: mean } });
});

window.addEventListener("message", ({ source, data }) => {
  if (source !== window.parent || !data) return;
  if (data.mug === "start") begin(data);
  if (data.mug === "pause") paused = true;
  if (data.mug === "resume") paused = false;
  if (data.mug === "end") clearTimeout(timer);
});

tell({ mug: "ready" });

/**
 * "Catch the apples": a small canvas game that speaks MUG's messages as a Unity build does: what MUG says arrives as
 * SendMessage("MUG", "OnMugMessage", json), what the game says goes to window.parent.
 */
function unityFramework(module) {
  const { canvas, data, code } = module;
  const context = canvas.getContext("2d");
  const held = new Set();
  let state = "waiting";
  let apples = [];
  let basket = 0.5;
  let caught = 0;
  let speed = data.speed;
  let paused = false;
  let last = performance.now();

  function tell(message) {
    window.parent.postMessage(message, "*");
  }

  function begin(message) {
    const globals = message.mug_globals || {};
    speed = typeof globals.speed === "number" ? globals.speed : data.speed;
    apples = data.apples.map((x, index) => ({ x: x, y: -index * data.gap }));
    basket = 0.5;
    caught = 0;
    state = "playing";
    tell({ mug: "episode_start", data: { speed: speed, apples: apples.length } });
  }

  function finish() {
    state = "waiting";
    tell({ mug: "episode_end", score: caught, data: { caught: caught, of: data.apples.length } });
  }

  function step(seconds) {
    const moves = (held.has("ArrowRight") ? 1 : 0) - (held.has("ArrowLeft") ? 1 : 0);
    basket = Math.max(0.08, Math.min(0.92, basket + moves * seconds * data.basket_speed));
    for (const apple of apples) {
      if (apple.done) continue;
      apple.y += seconds * speed;
      if (apple.y < 0.9) continue;
      apple.done = true;
      const distance = code.distance(apple.x, basket);
      const isCaught = distance <= data.reach;
      if (isCaught) caught += 1;
      tell({ mug: "data", name: "apple", values: { x: apple.x, basket: Math.round(basket * 1000) / 1000, caught: isCaught } });
    }
    if (apples.every((apple) => apple.done)) finish();
  }

  function draw() {
    const { width, height } = canvas;
    context.fillStyle = "#eaf3f4";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#cfe0d2";
    context.fillRect(0, height * 0.95, width, height * 0.05);
    context.fillStyle = "#b5412d";
    for (const apple of apples) {
      if (apple.done || apple.y < 0) continue;
      context.beginPath();
      context.arc(apple.x * width, apple.y * height, width * 0.018, 0, 2 * Math.PI);
      context.fill();
    }
    context.fillStyle = "#6b4f2a";
    context.fillRect((basket - data.reach) * width, height * 0.9, 2 * data.reach * width, height * 0.05);
    context.fillStyle = "#1d2530";
    context.font = `${Math.round(height * 0.05)}px sans-serif`;
    context.fillText(`Caught ${caught}`, width * 0.02, height * 0.07);
  }

  function frame(now) {
    const seconds = Math.min(0.05, (now - last) / 1000);
    last = now;
    if (state === "playing" && !paused) step(seconds);
    if (state !== "quit") {
      draw();
      requestAnimationFrame(frame);
    }
  }

  window.addEventListener("keydown", (event) => {
    held.add(event.key);
    if (event.key.startsWith("Arrow")) event.preventDefault();
  });
  window.addEventListener("keyup", (event) => held.delete(event.key));
  window.addEventListener("blur", () => held.clear());
  requestAnimationFrame(frame);

  return {
    receive(object, method, value) {
      if (object !== "MUG" || method !== "OnMugMessage") return;
      const message = JSON.parse(value);
      if (message.mug === "start") begin(message);
      else if (message.mug === "pause") paused = true;
      else if (message.mug === "resume") paused = false;
      else if (message.mug === "end") state = "waiting";
    },
    quit() {
      state = "quit";
    },
  };
}

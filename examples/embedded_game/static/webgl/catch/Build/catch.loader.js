/**
 * A stand-in for the loader that Unity writes beside a WebGL build: the same function, the same files, the same order.
 * Our own; nothing of it is Unity's.
 */
function createUnityInstance(canvas, config, onProgress) {
  onProgress = onProgress || function () {};
  function script(url) {
    return new Promise(function (resolve, reject) {
      const element = document.createElement("script");
      element.src = url;
      element.onload = resolve;
      element.onerror = function () {
        reject(new Error("the framework does not run"));
      };
      document.body.appendChild(element);
    });
  }
  async function start() {
    onProgress(0);
    const data = await (await fetch(config.dataUrl)).json();
    onProgress(0.4);
    await script(config.frameworkUrl);
    onProgress(0.7);
    const code = await WebAssembly.instantiateStreaming(fetch(config.codeUrl));
    onProgress(0.9);
    const game = unityFramework({ canvas: canvas, data: data, code: code.instance.exports });
    onProgress(1);
    return {
      SendMessage: function (object, method, value) {
        game.receive(object, method, value);
      },
      Quit: function () {
        game.quit();
        return Promise.resolve();
      },
    };
  }
  return start();
}

/** What runs ONNX models, from our own server; only for a study that has some. */
import type { OrtFactory } from "../onnx/emscripten";
import type { OnnxModels } from "../onnx/onnx_models";
import { BootError, textOf } from "./boot_error";

type Runner = typeof import("../onnx/onnx_models");

const RUNNER = "onnx_models.mjs";
const GLUE = "ort-wasm-simd-threaded.mjs";
const WASM = "ort-wasm-simd-threaded.wasm";

/** Load it from its folder; rejects with a `BootError`. */
export async function loadOnnx(folder: URL): Promise<OnnxModels> {
  try {
    const wasm = fetched(new URL(WASM, folder));
    wasm.catch(() => undefined); // awaited below; until then its failure is not unhandled
    const [runner, glue] = (await Promise.all([
      import(/* @vite-ignore */ new URL(RUNNER, folder).href),
      import(/* @vite-ignore */ new URL(GLUE, folder).href),
    ])) as [Runner, { default: OrtFactory }];
    return await runner.startOnnx(glue.default, wasm, (line) => console.warn(line));
  } catch (error) {
    throw new BootError(`what runs the game's models could not be loaded from ${folder.pathname}: ${textOf(error)}`);
  }
}

async function fetched(address: URL): Promise<Response> {
  const response = await self.fetch(address);
  if (!response.ok) throw new BootError(`${address.pathname} answered ${response.status}`);
  return response;
}

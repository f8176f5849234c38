import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { OrtFactory } from "../../src/onnx/emscripten";
import { startOnnx, type OnnxModel, type OnnxModels, type Placed } from "../../src/onnx/onnx_models";

const require = createRequire(import.meta.url);
const MODELS = new URL("./models/", import.meta.url);
let onnx: OnnxModels;

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.onnx`, MODELS)));
}

function loaded(name: string): OnnxModel {
  const model = onnx.load(bytesOf(name));
  if (!model) throw new Error(onnx.error);
  return model;
}

/** Run with one array an input, as Python does: plan, write, run, read. */
function run(model: OnnxModel, shapes: number[][], ...arrays: ArrayBufferView[]): { version: number; outputs: Uint8Array[]; placed: Placed[] } {
  const inbox = model.plan(JSON.stringify(shapes));
  if (!inbox) throw new Error(model.error);
  return again(model, inbox, ...arrays);
}

function again(model: OnnxModel, inbox: Uint8Array, ...arrays: ArrayBufferView[]): { version: number; outputs: Uint8Array[]; placed: Placed[] } {
  let at = 0;
  for (const array of arrays) {
    inbox.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += Math.ceil(array.byteLength / 16) * 16;
  }
  const version = model.run();
  const placed = JSON.parse(model.layout) as Placed[];
  return { version, placed, outputs: placed.map(({ at, bytes }) => model.outbox.slice(at, at + bytes)) };
}

function floats(bytes: Uint8Array | undefined): Float32Array {
  return new Float32Array((bytes ?? new Uint8Array(0)).slice().buffer);
}

beforeAll(async () => {
  const factory = (await import(pathToFileURL(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.mjs")).href)) as { default: OrtFactory };
  onnx = await startOnnx(factory.default, readFileSync(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")));
}, 60_000);

describe("ONNX models", () => {
  it("say what they take and give, with -1 for any length", () => {
    const model = loaded("mlp");
    expect(model.inputs).toEqual([{ name: "obs", dtype: "float32", shape: [-1, 4] }]);
    expect(JSON.parse(model.ports)).toEqual({ inputs: model.inputs, outputs: [{ name: "logits", dtype: "float32", shape: [-1, 3] }] });
    model.release();
  });

  it("give the same bits for the same inputs, also loaded again", () => {
    const inputs = new Float32Array([0.1, -2, 3.25, 1e-3]);
    const [one, two] = [loaded("mlp"), loaded("mlp")];
    const first = run(one, [[1, 4]], inputs).outputs[0];
    expect(run(one, [[1, 4]], inputs).outputs[0]).toEqual(first);
    expect(run(two, [[1, 4]], inputs).outputs[0]).toEqual(first);
    expect(floats(first).every(Number.isFinite)).toBe(true);
    expect(new Set(floats(first)).size).toBe(3);
    one.release();
    two.release();
  });

  it("take other shapes after another plan, and tell that the outputs lie elsewhere", () => {
    const model = loaded("mlp");
    const row = [0.1, -2, 3.25, 1e-3];
    const one = run(model, [[1, 4]], new Float32Array(row));
    const three = run(model, [[3, 4]], new Float32Array([...row, 0, 0, 0, 0, ...row]));
    expect(three.placed[0]?.shape).toEqual([3, 3]);
    expect(three.version).not.toBe(one.version);
    expect(floats(three.outputs[0]).slice(0, 3)).toEqual(floats(one.outputs[0]));
    expect(floats(three.outputs[0]).slice(6)).toEqual(floats(one.outputs[0]));
    model.release();
  });

  it("carry a hidden state only in what they are given", () => {
    const model = loaded("recurrent");
    const step = (state: Float32Array): Float32Array => floats(run(model, [[1, 4], [1, 8]], new Float32Array([1, 0, -1, 0.5]), state).outputs[1]);
    const first = step(new Float32Array(8));
    const second = step(first);
    expect(second).not.toEqual(first);
    expect(step(new Float32Array(8))).toEqual(first);
    expect(step(first)).toEqual(second);
    model.release();
  });

  it("keep every type as it is, 64-bit integers and truth values too", () => {
    const model = loaded("types");
    expect(model.inputs.map(({ dtype }) => dtype)).toEqual(["float32", "float64", "int32", "int64", "bool", "uint8"]);
    const arrays = [
      new Float32Array([1.5, -0, NaN, Infinity, 3e-42, 6]),
      new Float64Array([Math.PI, -1e300, 0, 1, 2, 3]),
      new Int32Array([-1, 2, 3, 4, 5, 2 ** 31 - 1]),
      new BigInt64Array([2n ** 62n + 1n, -5n, 0n, 1n, 2n, 3n]),
      new Uint8Array([1, 0, 1, 1, 0, 0]),
      new Uint8Array([255, 0, 1, 2, 3, 4]),
    ];
    const { outputs } = run(model, arrays.map(() => [2, 3]), ...arrays);
    arrays.forEach((array, i) => expect(outputs[i]).toEqual(new Uint8Array(array.buffer)));
    model.release();
  });

  it("follow outputs whose shape depends on the values, empty ones too", () => {
    const model = loaded("places");
    const inbox = model.plan("[[4]]");
    expect(inbox).not.toBeNull();
    if (!inbox) return;
    const two = again(model, inbox, new Float32Array([0, 1, 0, 2]));
    expect(two.placed.map(({ shape }) => shape)).toEqual([[1, 2], []]);
    expect([...new BigInt64Array(two.outputs[0]?.slice().buffer ?? new ArrayBuffer(0))]).toEqual([1n, 3n]);
    const none = again(model, inbox, new Float32Array(4));
    expect(none.placed.map(({ shape }) => shape)).toEqual([[1, 0], []]);
    expect(none.version).not.toBe(two.version);
    expect(again(model, inbox, new Float32Array(4)).version).toBe(none.version);
    model.release();
  });

  it("say in onnxruntime's words why inputs are refused, and run again afterwards", () => {
    const model = loaded("mlp");
    const refused = run(model, [[1, 5]], new Float32Array(5));
    expect(refused.version).toBe(-1);
    expect(model.error).toMatch(/invalid dimensions for input: obs/i);
    expect(run(model, [[1, 4]], new Float32Array(4)).version).toBeGreaterThan(0);
    const reshape = loaded("reshape");
    expect(run(reshape, [[6], [2]], new Float32Array(6), new BigInt64Array([4n, 4n])).version).toBe(-1);
    expect(reshape.error).toMatch(/reshape/i);
    expect(run(reshape, [[6], [2]], new Float32Array(6), new BigInt64Array([3n, 2n])).placed[0]?.shape).toEqual([3, 2]);
    model.release();
    reshape.release();
    expect(model.run()).toBe(-1);
  });

  it("are refused with a reason when they are damaged, empty, no model, or not about numbers", () => {
    for (const bytes of [bytesOf("mlp").slice(0, 200), new Uint8Array(0), new TextEncoder().encode("<!doctype html>")]) {
      expect(onnx.load(bytes)).toBeNull();
      expect(onnx.error.length).toBeGreaterThan(10);
    }
    expect(onnx.load(bytesOf("text"))).toBeNull();
    expect(onnx.error).toContain('"x" is no array of numbers');
    loaded("mlp").release();
  });

  it("need no more memory after 100000 runs, 200 loads and 200 refusals than before", () => {
    const model = loaded("recurrent");
    const places = loaded("places");
    const inbox = model.plan("[[1,4],[1,8]]");
    const work = (runs: number, loads: number): void => {
      if (!inbox) throw new Error(model.error);
      for (let i = 0; i < runs; i++) if (model.run() < 0) throw new Error(model.error);
      for (let i = 0; i < loads; i++) {
        const other = loaded("mlp");
        run(other, [[1, 4]], new Float32Array(4));
        run(other, [[1, 5]], new Float32Array(5));
        run(places, [[4]], new Float32Array([0, i % 2, 0, 2]));
        other.release();
        onnx.load(bytesOf("mlp").slice(0, 300));
      }
    };
    work(1000, 20);
    const before = onnx.memoryBytes;
    work(100_000, 200);
    expect(onnx.memoryBytes).toBe(before);
    model.release();
    places.release();
  }, 120_000);
});

describe("starting onnxruntime", () => {
  it("fails with the reason when its file is damaged", async () => {
    const factory = (await import(pathToFileURL(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.mjs")).href)) as { default: OrtFactory };
    await expect(startOnnx(factory.default, new Uint8Array([1, 2, 3]))).rejects.toThrow(/WebAssembly/);
  });
});

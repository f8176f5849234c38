/**
 * ONNX models, run at once: a tick is one call of Python and cannot wait for a promise, so onnxruntime-web's WebAssembly
 * module is called directly. It has one thread and no clock, and its arithmetic is WebAssembly's: the same inputs give
 * the same bits in every browser.
 *
 * The page's worker and our scripts in Node load this same file. Python is told of errors by values, never by exceptions.
 */
import type { OrtFactory, OrtModule } from "./emscripten";

/** numpy's names of types, by ONNX's numbers; with the bytes of one value. */
const TYPES: Readonly<Record<number, readonly [dtype: string, bytes: number]>> = {
  1: ["float32", 4],
  2: ["uint8", 1],
  3: ["int8", 1],
  4: ["uint16", 2],
  5: ["int16", 2],
  6: ["int32", 4],
  7: ["int64", 8],
  9: ["bool", 1],
  10: ["float16", 2],
  11: ["float64", 8],
  12: ["uint32", 4],
  13: ["uint64", 8],
};

const POINTER = 4;
/** Values begin where every type may lie. */
const ALIGNMENT = 16;
const ALL_OPTIMIZATIONS = 99;
const ONLY_ERRORS = 3;
const ON_CPU = 1;

export interface Port {
  name: string;
  dtype: string;
  /** -1: any length. */
  shape: number[];
}

/** Where an output of the last run lies in the outbox. */
export interface Placed {
  shape: number[];
  at: number;
  bytes: number;
}

export class OnnxError extends Error {
  override readonly name = "OnnxError";
}

/** Where WebAssembly comes from: bytes, or a response that is compiled while it arrives. */
export type WasmSource = BufferSource | Promise<Response>;

/** Start onnxruntime-web; once a worker. */
export async function startOnnx(factory: OrtFactory, source: WasmSource, warn: (line: string) => void = () => undefined): Promise<OnnxModels> {
  const module = await new Promise<OrtModule>((resolve, reject) => {
    factory({
      numThreads: 1,
      print: warn,
      printErr: warn,
      instantiateWasm: (imports, done) => {
        instantiated(source, imports).then(({ instance, module }) => done(instance, module), reject);
        return {};
      },
    }).then(resolve, reject);
  });
  if (module._OrtInit(1, ONLY_ERRORS) !== 0) throw new OnnxError(`onnxruntime does not start: ${lastError(module)}`);
  return new OnnxModels(module);
}

function instantiated(source: WasmSource, imports: WebAssembly.Imports): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  if (source instanceof Promise) return WebAssembly.instantiateStreaming(source, imports);
  return WebAssembly.instantiate(source, imports);
}

export class OnnxModels {
  /** Why the last model could not be loaded. */
  error = "";

  constructor(private readonly ort: OrtModule) {}

  /** Bytes of memory that WebAssembly holds; it never gets less. */
  get memoryBytes(): number {
    this.ort.getValue(0, "i32"); // the module looks at its memory again where it has grown
    return this.ort.HEAPU8.byteLength;
  }

  /** Load a model, or answer null and say why in `error`. The bytes are copied. */
  load(data: Uint8Array): OnnxModel | null {
    const { ort } = this;
    let options = 0;
    const bytes = ort._malloc(Math.max(1, data.byteLength));
    try {
      if (bytes === 0) throw new OnnxError(`there is no memory for its ${data.byteLength} bytes`);
      memory(ort).set(data, bytes);
      options = ort._OrtCreateSessionOptions(ALL_OPTIMIZATIONS, true, true, 0, false, 0, 0, ONLY_ERRORS, 0, 0);
      if (options === 0) throw new OnnxError(lastError(ort));
      const session = ort._OrtCreateSession(bytes, data.byteLength, options);
      if (session === 0) throw new OnnxError(lastError(ort));
      return new OnnxModel(ort, session);
    } catch (error) {
      this.error = textOf(error);
      return null;
    } finally {
      if (options !== 0) ort._OrtReleaseSessionOptions(options);
      if (bytes !== 0) ort._free(bytes);
    }
  }
}

export class OnnxModel {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Both as JSON, for Python. */
  readonly ports: string;
  /** Why the last call answered -1, or null. */
  error = "";
  /** The outputs of the last run, one behind the other. */
  outbox = new Uint8Array(0);
  /** Where they lie in it, as JSON; `run` answers with another number when this has changed. */
  layout = "[]";

  private readonly types: number[] = [];
  private readonly inputNames: number[] = [];
  private readonly outputNames: number[] = [];
  private placed: Placed[] = [];
  private layouts = 0;
  private inbox = 0;
  private tensors: number[] = [];
  /** Arrays of pointers: names and tensors of the inputs, names and tensors of the outputs; room for a tensor's data. */
  private readonly pointers: number;

  constructor(
    private readonly ort: OrtModule,
    private session: number,
  ) {
    try {
      const [inputs, outputs] = this.counts();
      const ports = Array.from({ length: inputs + outputs }, (_, index) => this.port(index, index < inputs));
      this.inputs = ports.slice(0, inputs);
      this.outputs = ports.slice(inputs);
      this.ports = JSON.stringify({ inputs: this.inputs, outputs: this.outputs });
      this.pointers = ort._malloc(POINTER * (2 * ports.length + 4));
      this.inputNames.forEach((name, i) => ort.setValue(this.pointers + POINTER * i, name, "*"));
      this.outputNames.forEach((name, i) => ort.setValue(this.pointers + POINTER * (2 * inputs + i), name, "*"));
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /**
   * Say of which shapes the inputs are from now on (JSON, one shape an input). Answers with the bytes to write them to
   * before each `run`, one input behind the other, each at the next multiple of 16.
   */
  plan(shapesJson: string): Uint8Array | null {
    const { ort } = this;
    this.dropTensors();
    try {
      const shapes = JSON.parse(shapesJson) as number[][];
      const sizes = shapes.map((shape, i) => shape.reduce((a, b) => a * b, 1) * (this.bytesOf(i) ?? 0));
      const total = sizes.reduce((sum, size) => sum + aligned(size), 0);
      this.inbox = ort._malloc(Math.max(ALIGNMENT, total));
      if (this.inbox === 0) throw new OnnxError(`there is no memory for inputs of ${total} bytes`);
      let at = this.inbox;
      shapes.forEach((shape, i) => {
        this.tensors.push(this.tensor(this.types[i] ?? 0, at, sizes[i] ?? 0, shape));
        at += aligned(sizes[i] ?? 0);
      });
      const inputs = this.inputs.length;
      this.tensors.forEach((tensor, i) => ort.setValue(this.pointers + POINTER * (inputs + i), tensor, "*"));
      // The memory is shared: this view stays valid when it grows.
      return new Uint8Array(memory(ort).buffer, this.inbox, total);
    } catch (error) {
      this.dropTensors();
      this.error = textOf(error);
      return null;
    }
  }

  /** Run it once with what lies in the planned bytes. Answers with the number of the outputs' layout; -1: see `error`. */
  run(): number {
    const { ort, pointers } = this;
    const inputs = this.inputs.length;
    const outputs = this.outputs.length;
    const results = pointers + POINTER * (2 * inputs + outputs);
    if (this.session === 0 || this.tensors.length !== inputs) {
      this.error = "the model was released, or its inputs were not planned";
      return -1;
    }
    for (let i = 0; i < outputs; i++) ort.setValue(results + POINTER * i, 0, "*");
    try {
      const code = ort._OrtRun(
        this.session,
        pointers,
        pointers + POINTER * inputs,
        inputs,
        pointers + POINTER * 2 * inputs,
        outputs,
        results,
        0,
      );
      if (code !== 0) throw new OnnxError(lastError(ort));
      this.take(results);
      return this.layouts;
    } catch (error) {
      this.error = textOf(error);
      return -1;
    } finally {
      for (let i = 0; i < outputs; i++) {
        const tensor = ort.getValue(results + POINTER * i, "*");
        if (tensor !== 0) ort._OrtReleaseTensor(tensor);
      }
    }
  }

  /** Give its memory back; it cannot be run any more. */
  release(): void {
    const { ort } = this;
    this.dropTensors();
    for (const name of [...this.inputNames.splice(0), ...this.outputNames.splice(0)]) ort._OrtFree(name);
    if (this.session === 0) return;
    if (this.pointers) ort._free(this.pointers);
    ort._OrtReleaseSession(this.session);
    this.session = 0;
  }

  /** Copy the outputs into the outbox. */
  private take(results: number): void {
    const { ort } = this;
    const room = results + POINTER * this.outputs.length;
    const found: { type: number; data: number; shape: number[]; bytes: number }[] = [];
    for (let i = 0; i < this.outputs.length; i++) {
      const tensor = ort.getValue(results + POINTER * i, "*");
      if (ort._OrtGetTensorData(tensor, room, room + POINTER, room + 2 * POINTER, room + 3 * POINTER) !== 0) {
        throw new OnnxError(`its output ${JSON.stringify(this.outputs[i]?.name)} cannot be read: ${lastError(ort)}`);
      }
      const type = ort.getValue(room, "i32");
      const shapeAt = ort.getValue(room + 2 * POINTER, "*");
      const shape = Array.from({ length: ort.getValue(room + 3 * POINTER, "i32") }, (_, d) => ort.getValue(shapeAt + POINTER * d, "i32"));
      ort._OrtFree(shapeAt);
      const bytes = shape.reduce((a, b) => a * b, 1) * (TYPES[type]?.[1] ?? 0);
      found.push({ type, data: ort.getValue(room + POINTER, "*"), shape, bytes });
    }
    if (this.layouts === 0 || found.some(({ shape }, i) => !same(shape, this.placed[i]?.shape))) this.place(found);
    const heap = memory(ort);
    found.forEach(({ data, bytes }, i) => {
      if (bytes > 0) this.outbox.set(heap.subarray(data, data + bytes), this.placed[i]?.at ?? 0);
    });
  }

  private place(found: readonly { shape: number[]; bytes: number }[]): void {
    let at = 0;
    this.placed = found.map(({ shape, bytes }) => {
      const placed = { shape, at, bytes };
      at += aligned(bytes);
      return placed;
    });
    this.outbox = new Uint8Array(at);
    this.layout = JSON.stringify(this.placed);
    this.layouts += 1;
  }

  private counts(): [number, number] {
    const { ort } = this;
    const stack = ort.stackSave();
    try {
      const at = ort.stackAlloc(2 * POINTER);
      if (ort._OrtGetInputOutputCount(this.session, at, at + POINTER) !== 0) throw new OnnxError(lastError(ort));
      return [ort.getValue(at, "i32"), ort.getValue(at + POINTER, "i32")];
    } finally {
      ort.stackRestore(stack);
    }
  }

  private port(index: number, input: boolean): Port {
    const { ort } = this;
    const stack = ort.stackSave();
    let metadata = 0;
    try {
      const at = ort.stackAlloc(2 * POINTER);
      if (ort._OrtGetInputOutputMetadata(this.session, index, at, at + POINTER) !== 0) throw new OnnxError(lastError(ort));
      const nameAt = ort.getValue(at, "*");
      (input ? this.inputNames : this.outputNames).push(nameAt);
      metadata = ort.getValue(at + POINTER, "*");
      const name = ort.UTF8ToString(nameAt);
      const type = ort.getValue(metadata, "i32");
      const known = TYPES[type];
      if (!known) throw new OnnxError(`its ${input ? "input" : "output"} ${JSON.stringify(name)} is no array of numbers`);
      if (input) this.types.push(type);
      const dimensions = ort.getValue(metadata + 4, "i32");
      const shape = Array.from({ length: dimensions }, (_, d) => {
        const named = ort.getValue(metadata + 8 + POINTER * d, "*") !== 0;
        const length = ort.getValue(metadata + 8 + POINTER * (dimensions + d), "i32");
        return named || length < 0 ? -1 : length;
      });
      return { name, dtype: known[0], shape };
    } finally {
      ort.stackRestore(stack);
      if (metadata !== 0) ort._OrtFree(metadata);
    }
  }

  private bytesOf(input: number): number | undefined {
    return TYPES[this.types[input] ?? 0]?.[1];
  }

  /** A tensor over bytes of ours. */
  private tensor(type: number, at: number, bytes: number, shape: readonly number[]): number {
    const { ort } = this;
    const stack = ort.stackSave();
    try {
      const shapeAt = ort.stackAlloc(POINTER * Math.max(1, shape.length));
      shape.forEach((length, d) => ort.setValue(shapeAt + POINTER * d, length, "i32"));
      const tensor = ort._OrtCreateTensor(type, at, bytes, shapeAt, shape.length, ON_CPU);
      if (tensor === 0) throw new OnnxError(lastError(ort));
      return tensor;
    } finally {
      ort.stackRestore(stack);
    }
  }

  private dropTensors(): void {
    for (const tensor of this.tensors.splice(0)) this.ort._OrtReleaseTensor(tensor);
    if (this.inbox !== 0) this.ort._free(this.inbox);
    this.inbox = 0;
  }
}

/** The module's memory as it is now. */
function memory(ort: OrtModule): Uint8Array {
  ort.getValue(0, "i32"); // it looks at its memory again where it has grown
  return ort.HEAPU8;
}

function lastError(ort: OrtModule): string {
  const stack = ort.stackSave();
  try {
    const at = ort.stackAlloc(2 * POINTER);
    ort._OrtGetLastError(at, at + POINTER);
    const text = ort.getValue(at + POINTER, "*");
    return text === 0 ? "onnxruntime says nothing of why" : ort.UTF8ToString(text);
  } finally {
    ort.stackRestore(stack);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function same(one: readonly number[], other: readonly number[] | undefined): boolean {
  return other !== undefined && one.length === other.length && one.every((value, i) => value === other[i]);
}

/** WebAssembly throws numbers (pointers) and traps besides errors. */
function textOf(error: unknown): string {
  if (typeof error === "number") return "onnxruntime stopped in the middle of its work";
  return error instanceof Error ? error.message : String(error);
}

/** The parts of onnxruntime-web's WebAssembly module that are called here: its C interface, without its promises. */

export interface OrtModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  stackSave(): number;
  stackRestore(at: number): void;
  stackAlloc(bytes: number): number;
  getValue(at: number, type: "i32" | "*"): number;
  setValue(at: number, value: number, type: "i32" | "*"): void;
  UTF8ToString(at: number): string;

  _OrtInit(threads: number, logging: number): number;
  /** Writes the code (i32) and a pointer to the text of what went wrong last. */
  _OrtGetLastError(code: number, text: number): number;
  _OrtCreateSessionOptions(
    optimization: number,
    arena: boolean,
    memoryPattern: boolean,
    executionMode: number,
    profiling: boolean,
    profilePrefix: number,
    logId: number,
    logSeverity: number,
    logVerbosity: number,
    optimizedPath: number,
  ): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(data: number, bytes: number, options: number): number;
  _OrtReleaseSession(session: number): number;
  _OrtGetInputOutputCount(session: number, inputs: number, outputs: number): number;
  /** Writes pointers to the name and to [type i32, dimensions i32, names of dimensions, values of dimensions]. */
  _OrtGetInputOutputMetadata(session: number, index: number, name: number, metadata: number): number;
  _OrtFree(at: number): number;
  _OrtCreateTensor(type: number, data: number, bytes: number, shape: number, dimensions: number, location: number): number;
  /** Writes the type (i32), a pointer to the data, a pointer to the shape (to be freed) and the dimensions (i32). */
  _OrtGetTensorData(tensor: number, type: number, data: number, shape: number, dimensions: number): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    runOptions: number,
  ): number;
}

export interface OrtSettings {
  numThreads: number;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
  print?: (line: string) => void;
  printErr?: (line: string) => void;
}

/** What `ort-wasm-simd-threaded.mjs` exports. */
export type OrtFactory = (settings: OrtSettings) => Promise<OrtModule>;

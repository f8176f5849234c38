/** The parts of Pyodide's interface that the worker uses (the distribution is loaded at run time, not bundled). */

export interface PyBuffer {
  data: Uint8Array;
  release(): void;
}

export interface PyProxy {
  destroy(): void;
}

export interface PyBytes extends PyProxy {
  getBuffer(type: "u8"): PyBuffer;
}

export interface PyFunction<Arguments extends unknown[], Result> extends PyProxy {
  (...values: Arguments): Result;
}

export interface Pyodide {
  version: string;
  loadedPackages: Record<string, string>;
  loadPackage(
    names: readonly string[],
    options: { messageCallback?: (text: string) => void; errorCallback?: (text: string) => void },
  ): Promise<unknown>;
  unpackArchive(archive: ArrayBuffer, format: "zip", options: { extractDir: string }): void;
  pyimport(name: string): PyProxy & Record<string, unknown>;
  runPython(code: string): unknown;
  toPy(value: unknown): PyProxy;
}

export interface PyodideOptions {
  indexURL: string;
  lockFileURL: string;
  env: Record<string, string>;
  stdout: (line: string) => void;
  stderr: (line: string) => void;
  _loadSnapshot?: ArrayBuffer;
}

export interface PyodideModule {
  loadPyodide(options: PyodideOptions): Promise<Pyodide>;
}

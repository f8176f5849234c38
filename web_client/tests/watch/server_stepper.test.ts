import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AskError, type Replayed, type WatchApi } from "../../src/watch/api";
import type { FromWatchWorker } from "../../src/watch/rpc";
import { ServerStepper } from "../../src/watch/server_stepper";
import type { WireObject } from "../../src/worker/rpc";

type Asked = [episode: number, frame: number, agent: string];

const OPENED = { agents: ["a"], viewers: ["a", "b"], asset_specs: [], rounds: [{ episode: 0, frames: 9, seed: "1", runs: [] }] };
const ball = (uuid: string, permanent = false): WireObject => ({ uuid, object_type: "circle", permanent }) as unknown as WireObject;

function shows(frame: number, change: Partial<NonNullable<Replayed["looked"]>> = {}): Replayed {
  const view = { episode: 0, frame, hud: null, score: 0, objects: [ball("ball"), ball("sky", true)], gone: ["moon"], image: null };
  const looked = { at: [0, frame] as [number, number], done: true, told: "", problem: "", compared: frame, hashes: 0, view, agents: [], ...change };
  return { opened: OPENED, looked, image: "" };
}

/** A server that answers when the test says so. */
class Server {
  readonly asked: Asked[] = [];
  readonly ended: string[] = [];
  private readonly answers: ((answer: Replayed | Error) => void)[] = [];
  readonly api = {
    replay: (_match: string, _name: string, ...asked: Asked): Promise<Replayed> => {
      this.asked.push(asked);
      return new Promise((done, failed) => this.answers.push((answer) => (answer instanceof Error ? failed(answer) : done(answer))));
    },
    endReplay: (_match: string, name: string): void => void this.ended.push(name),
  } as unknown as WatchApi;

  async answer(answer: Replayed | Error): Promise<void> {
    this.answers.shift()?.(answer);
    await vi.advanceTimersByTimeAsync(0);
  }
}

const leaves: (() => void)[] = [];
let server: Server;
let said: FromWatchWorker[];
let stepper: ServerStepper;

beforeEach(async () => {
  vi.useFakeTimers();
  leaves.length = 0;
  vi.stubGlobal("window", { addEventListener: (_name: string, work: () => void) => leaves.push(work) });
  [server, said] = [new Server(), []];
  stepper = new ServerStepper(server.api, "m", [ball("moon", true), ball("sun", true), ball("ball", true)], (message) => said.push(message));
  stepper.post({ op: "boot", runtime: null, config: {} as never });
  await server.answer({ opened: null, looked: null, image: "" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ops = (): string[] => said.map((message) => message.op);

describe("a match that a process of the server steps again", () => {
  it("is asked for until it is loaded, and then tells what there is", async () => {
    expect([server.asked.length, ops()]).toEqual([2, ["progress"]]);
    await server.answer(shows(0));
    expect(ops()).toEqual(["progress", "rows", "loaded", "proved"]);
    expect(said[2]).toMatchObject({ agents: ["a"], viewers: ["a", "b"] });
  });

  it("asks for what was wished last, one question at a time", async () => {
    await server.answer(shows(0));
    for (const frame of [3, 4, 5]) stepper.post({ op: "show", episode: 0, frame, agent: "b" });
    expect(server.asked.slice(2)).toEqual([[0, 3, "b"]]);
    await server.answer(shows(3));
    expect(server.asked.slice(3)).toEqual([[0, 5, "b"]]);
    await server.answer(shows(5));
    const shown = said.filter((message) => message.op === "shown");
    expect(shown.map(({ view }) => view.frame)).toEqual([3, 5]);
    expect(server.asked.length).toBe(4);
  });

  it("shows all that is in the picture, with what the page shows of itself and nothing that was taken out", async () => {
    await server.answer(shows(0));
    stepper.post({ op: "show", episode: 0, frame: 3 });
    await server.answer(shows(3));
    const shown = said.find((message) => message.op === "shown");
    const objects = shown?.op === "shown" ? shown.view.packet?.game_state_objects : [];
    expect(objects?.map(({ uuid, permanent }) => [uuid, permanent])).toEqual([
      ["sun", false],
      ["sky", false],
      ["ball", false],
    ]);
  });

  it("says how far it is while a frame is not there yet, and asks on", async () => {
    await server.answer(shows(0));
    stepper.post({ op: "show", episode: 0, frame: 8 });
    await server.answer(shows(8, { view: null, at: [0, 4], done: false }));
    expect(said.at(-1)).toMatchObject({ op: "going", episode: 0, frame: 4 });
    expect(server.asked.at(-1)).toEqual([0, 8, ""]);
    await server.answer(shows(8, { done: false }));
    expect(said.at(-1)?.op).toBe("shown");
    const before = server.asked.length;
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked.length).toBe(before + 1);
  });

  it("asks again when the server is out of reach, and stops when the match cannot be stepped", async () => {
    await server.answer(shows(0));
    stepper.post({ op: "show", episode: 0, frame: 3 });
    await server.answer(new AskError(0, "The server does not answer."));
    expect(said.at(-1)).toMatchObject({ op: "progress" });
    await vi.advanceTimersByTimeAsync(2000);
    await server.answer({ ...shows(3), failed: "it crashed" });
    expect(said.at(-1)).toMatchObject({ op: "failed", message: "it crashed" });
    const before = server.asked.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.length).toBe(before);
  });

  it("ends its process when the page goes", async () => {
    await server.answer(shows(0));
    for (const leave of leaves) leave();
    expect(server.ended.length).toBe(1);
    const before = server.asked.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.length).toBe(before);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { Mesh } from "../../src/peer/mesh";

/** A page that plays "b" of three, with all packets going through the server. */
function mesh(returns: Record<string, number> = {}) {
  vi.useFakeTimers();
  const paths: [number, string][] = [];
  const clock = { ms: 0 };
  const made = new Mesh(
    { players: ["a", "b", "c"], own: "b", iceServers: [], forceRelay: true, returns },
    {
      signal: () => true,
      relay: () => true,
      packet: () => undefined,
      path: (player, path) => paths.push([player, path]),
      event: () => undefined,
    },
    true,
    () => clock.ms,
  );
  return { made, paths, clock };
}

describe("the ways to the partners", () => {
  afterEach(() => void vi.useRealTimers());

  it("are found anew, once, to a page that was loaded again", () => {
    const { made, paths, clock } = mesh();
    expect(paths).toEqual([[0, "relay"], [2, "relay"]]);
    clock.ms = 5000;
    made.renew("a", 1);
    expect(paths.slice(2)).toEqual([[0, ""], [0, "relay"]]);
    expect(made.silence().map(({ ms }) => ms)).toEqual([0, 5000]);
    made.renew("a", 1);
    made.renew("a", 0);
    made.renew("nobody", 1);
    expect(paths).toHaveLength(4);
    made.close();
  });

  it("take no signal of a page's earlier life for one of the present", () => {
    const { made, clock } = mesh({ b: 1 });
    clock.ms = 100;
    made.signalled("a", { restart: true }, "");
    made.signalled("a", { restart: true }, "1:0");
    expect(made.silence()[0]?.ms).toBe(100);
    made.signalled("a", { restart: true }, "0:1");
    expect(made.silence()[0]?.ms).toBe(0);
    made.renew("c", 2);
    clock.ms = 200;
    made.signalled("c", { restart: true }, "1:0");
    expect(made.silence().find(({ agent }) => agent === "c")?.ms).toBe(100);
    made.signalled("c", { restart: true }, "1:2");
    expect(made.silence().find(({ agent }) => agent === "c")?.ms).toBe(0);
    made.close();
  });
});

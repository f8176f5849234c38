import { describe, expect, it } from "vitest";
import { parseAddress } from "../src/transport/address";
import { browserFamily, isMobile } from "../src/transport/browser";
import { isAnotherPreview } from "../src/transport/preview";
import { claimTabId, releaseTabId } from "../src/transport/tab";
import { TokenStore, type TextStorage } from "../src/transport/tokens";

function storage(): TextStorage & { copy(): TextStorage } {
  const make = (entries: Map<string, string>): TextStorage & { copy(): TextStorage } => ({
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
    copy: () => make(new Map(entries)),
  });
  return make(new Map());
}

describe("the address", () => {
  it("gives the subject id and the parameters", () => {
    expect(parseAddress("/", "?PROLIFIC_PID=5f&colour=red")).toEqual({ subjectId: "", params: { PROLIFIC_PID: "5f", colour: "red" } });
    expect(parseAddress("/abc-123", "").subjectId).toBe("abc-123");
    expect(parseAddress("/a%20b", "").subjectId).toBe("a b");
    expect(parseAddress("/%E0%A4%A", "").subjectId).toBe("%E0%A4%A");
  });

  it("keeps the first of repeated parameters and names like __proto__ harmless", () => {
    expect(parseAddress("/", "?a=1&a=2").params).toEqual({ a: "1" });
    expect(Object.getPrototypeOf(parseAddress("/", "?__proto__=x").params)).toBe(Object.prototype);
  });
});

describe("the tab's identity", () => {
  let made = 0;
  const makeId = (): string => `tab-${made++}`;

  it("survives a reload", () => {
    const session = storage();
    const first = claimTabId(session, makeId);
    releaseTabId(session);
    expect(claimTabId(session, makeId)).toBe(first);
  });

  it("is another one in a duplicated tab", () => {
    const session = storage();
    const first = claimTabId(session, makeId);
    expect(claimTabId(session.copy(), makeId)).not.toBe(first);
  });
});

describe("tokens", () => {
  const candidate = (session: string, id: string, token: string) => ({ session_id: session, participant_id: id, token });

  it("are kept per session and participant, newest first", () => {
    const local = storage();
    const tokens = new TokenStore(local);
    tokens.remember(candidate("s1", "a", "1"));
    tokens.remember(candidate("s2", "a", "2"));
    tokens.remember(candidate("s1", "a", "3"));
    expect(new TokenStore(local).candidates("")).toEqual([candidate("s1", "a", "3"), candidate("s2", "a", "2")]);
  });

  it("are offered for a subject id only when they are its own", () => {
    const tokens = new TokenStore(storage());
    tokens.remember(candidate("s", "a", "1"));
    tokens.remember(candidate("s", "b", "2"));
    expect(tokens.candidates("b")).toEqual([candidate("s", "b", "2")]);
    expect(tokens.candidates("c")).toEqual([]);
  });

  it("of previews do not crowd out those of sessions, and are few", () => {
    const local = storage();
    const tokens = new TokenStore(local);
    tokens.remember(candidate("real", "a", "1"));
    for (let n = 0; n < 50; n++) tokens.remember(candidate(`p${n}`, "preview-1", "x"), { preview: true });
    const kept = new TokenStore(local).candidates("");
    expect(kept[0]).toEqual(candidate("real", "a", "1"));
    expect(kept).toHaveLength(9);
    expect(tokens.candidates("preview-1")[0]).toEqual(candidate("p49", "preview-1", "x"));
  });

  it("survive broken storage", () => {
    const broken = storage();
    broken.setItem("mug:participants", "{nonsense");
    expect(new TokenStore(broken).candidates("")).toEqual([]);
    const refusing: TextStorage = {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
      removeItem: () => undefined,
    };
    const tokens = new TokenStore(refusing);
    tokens.remember(candidate("s", "a", "1"));
    expect(tokens.candidates("a")).toHaveLength(1);
  });
});

describe("a preview", () => {
  it("begins anew only when its server is another one", () => {
    expect(isAnotherPreview(null, { preview: true, session_id: "s1" })).toBe(false);
    expect(isAnotherPreview({ sessionId: "s1" }, { preview: true, session_id: "s1" })).toBe(false);
    expect(isAnotherPreview({ sessionId: "s1" }, { preview: true, session_id: "s2" })).toBe(true);
  });

  it("is never what a session's page takes part in", () => {
    expect(isAnotherPreview({ sessionId: "s1" }, { preview: false, session_id: "s2" })).toBe(false);
  });
});

describe("the browser", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "edge", 126],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36", "chrome", 126],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "firefox", 128],
    ["Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "safari", 17],
    ["curl/8", "unknown", 0],
  ])("is named by family and version only: %s", (agent, browser, major) => {
    expect(browserFamily(agent)).toEqual({ browser, browser_major: major });
  });

  it("is mobile or not", () => {
    expect(isMobile("Mozilla/5.0 (Linux; Android 14) Mobile")).toBe(true);
    expect(isMobile("Mozilla/5.0 (X11; Linux x86_64)")).toBe(false);
  });
});

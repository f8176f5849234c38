/** Trials that a desk makes once: a connection from page to page within this page, and a value kept by the browser. */
import type { Trial } from "./checks";

const WEBRTC_MS = 8000;
const STORAGE_MS = 8000;
const DATABASE = "mug-seat";
const STORE = "kept";

/** Two ends in one page find each other and answer a message: what partners' pages will have to do. */
export async function tryPeerConnection(): Promise<Trial> {
  if (typeof RTCPeerConnection === "undefined") {
    return { state: "bad", text: "This browser has no connections from page to page (WebRTC), or they are switched off." };
  }
  let one: RTCPeerConnection | null = null;
  let other: RTCPeerConnection | null = null;
  try {
    one = new RTCPeerConnection();
    other = new RTCPeerConnection();
    await within(WEBRTC_MS, echoBetween(one, other), "no connection came about");
    return { state: "good", text: "Made and answered." };
  } catch (error) {
    return { state: "bad", text: `A connection from page to page (WebRTC) failed: ${words(error)}. Games with partners would go through the server.` };
  } finally {
    one?.close();
    other?.close();
  }
}

async function echoBetween(one: RTCPeerConnection, other: RTCPeerConnection): Promise<void> {
  one.onicecandidate = ({ candidate }) => void other.addIceCandidate(candidate ?? undefined).catch(() => undefined);
  other.onicecandidate = ({ candidate }) => void one.addIceCandidate(candidate ?? undefined).catch(() => undefined);
  other.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }: MessageEvent<string>) => channel.send(data);
  };
  const channel = one.createDataChannel("try");
  const answered = new Promise<void>((resolve) => {
    channel.onopen = () => channel.send("mug");
    channel.onmessage = () => resolve();
  });
  await one.setLocalDescription(await one.createOffer());
  await other.setRemoteDescription(must(one.localDescription));
  await other.setLocalDescription(await other.createAnswer());
  await one.setRemoteDescription(must(other.localDescription));
  await answered;
}

/** A value is put, the database closed, opened again, and the value read. */
export async function tryStorage(): Promise<Trial> {
  try {
    const wanted = String(Math.random());
    const found = await within(STORAGE_MS, putAndRead(wanted), "it does not answer");
    if (found !== wanted) return { state: "bad", text: "The browser's storage does not keep what is put into it." };
    return { state: "good", text: "Opens and keeps." };
  } catch (error) {
    return { state: "bad", text: `The browser's storage (IndexedDB) fails: ${words(error)}. Answers would be lost when the connection breaks.` };
  }
}

async function putAndRead(value: string): Promise<unknown> {
  const first = await open();
  await settled(first.transaction(STORE, "readwrite").objectStore(STORE).put(value, "value"));
  first.close();
  const second = await open();
  try {
    return await settled(second.transaction(STORE).objectStore(STORE).get("value"));
  } finally {
    second.close();
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("it gives no reason"));
  });
}

function within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(otherwise)), ms);
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error("the browser made no description");
  return value;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

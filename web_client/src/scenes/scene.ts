/** What a scene may use, and what the participation asks of it. */
import type { GlobalsChange } from "../globals_change";
import type {
  ClientError,
  ClientMessage,
  EpisodeTaken,
  ErrorReply,
  MatchReady,
  MatchStatus,
  MatchVerdict,
  MatchWaiting,
  PartnerAway,
  PartnerReturning,
  ProbeOver,
  ProbePartners,
  RelayedPacket,
  ReportMatch,
  ReportPeer,
  ReturnDone,
  ServerStatus,
  ServerView,
  ShowScene,
  SignalFrom,
} from "../protocol/messages";
import type { AnswerRow } from "../forms/answers";
import type { DraftStore } from "../forms/drafts";
import type { PythonWorker } from "../game/python_worker";
import type { Outbox } from "../outbox/outbox";
import type { Shell } from "../view/shell";

/** What the server says of a game of several people, and of the wait for them. */
export type MatchMessage =
  | MatchWaiting
  | ProbePartners
  | ProbeOver
  | MatchReady
  | SignalFrom
  | RelayedPacket
  | MatchVerdict
  | PartnerAway
  | PartnerReturning
  | ServerStatus
  | ServerView;

/** How a visit may end. */
export type VisitOutcome = "completed" | "failed" | "partner_left" | "void";

export interface SceneContext {
  readonly shell: Shell;
  readonly outbox: Outbox;
  /** Null when the study needs no Python. */
  readonly python: PythonWorker | null;
  readonly subjectId: string;
  globals(): Record<string, unknown>;
  changeGlobals(change: GlobalsChange): void;
  /** Data of the study's own page for the scene's `on_client_callback`. */
  callback(data: Record<string, unknown>): void;
  /** A row of the event stream, with both clocks. */
  event(name: string, data?: Record<string, unknown>): void;
  /** The fields of a page's own HTML: one row of the form stream for each, with `more` in it. */
  formValues(values: Record<string, unknown>, more?: Record<string, unknown>): void;
  /** The answers to a form. */
  formRows(rows: readonly AnswerRow[]): void;
  /** What is typed and not handed in. */
  readonly drafts: DraftStore;
  reportError(error: Omit<ClientError, "op" | "visit_id" | "console">): void;
  /** Save everything, then tell the server that this visit is done. */
  finish(outcome: VisitOutcome): void;
  /** False when it did not go out: the server is out of reach. */
  send(message: ClientMessage): boolean;
  /** Goes out when the server is in reach again, in order. */
  sendKept(message: ReportPeer | ReportMatch | ReturnDone): void;
  connected(): boolean;
  /** A row of the telemetry stream; with `table` it is of another table than the pulses. */
  telemetry(row: Record<string, unknown>): void;
  /** The bodies of the frames chunks that the server has of a match. */
  fetchFrames(matchId: string): Promise<Uint8Array[]>;
  restartMatch(matchId: string, reason: string): void;
  /** Python's time for one tick, ms. */
  tick(ms: number): void;
}

export interface Scene {
  readonly visitId: string;
  show(): void;
  /** The server shows the same visit again, after a reconnection. */
  shownAgain(message: ShowScene): void;
  globalsChanged(change: GlobalsChange): void;
  /** The server did not take a message of this scene; `about` is its op. */
  serverRefused(about: string, reason: string, reply: ErrorReply): void;
  /** Everything of this visit is on the server's disk. */
  saved(): void;
  /** Of a build: the server has an episode of it. */
  episodeTaken?(message: EpisodeTaken): void;
  /** The experimenter pauses this page, or lets it go on. */
  hold?(held: boolean): void;
  /** Of a game of several people. */
  matchMessage?(message: MatchMessage): void;
  matchStatus?(): MatchStatus | null;
  connectionChanged?(open: boolean): void;
  /** Nothing goes on here without the server. */
  needsServer?(): boolean;
  /** What the scene adds to the telemetry of a second. */
  measured?(): Record<string, unknown>;
  /** The participation is over in the middle of the scene: resolves when everything recorded has been handed over. */
  leave?(): Promise<void>;
  /** The page could not go on: what the participant can hand in. */
  trouble?(code: string | null, url: string | null): void;
  position(): { episode: number | null; frame: number | null };
  dispose(): void;
}

/** Messages between our page and our frame around a Unity build; the build's own are in `builds/messages.ts`. */

/** page -> frame */
export interface OpenUnity {
  mug: "frame_open";
  /** The build's files by their roles: loader, framework, data, code. */
  files: Readonly<Record<string, Blob>>;
  /** Address of the build's folder, with "/" at its end. */
  folder: string;
  name: string;
}

/** frame -> page */
export type FromUnityFrame =
  | { mug: "frame_here" }
  | { mug: "frame_progress"; fraction: number }
  | { mug: "frame_ready" }
  | { mug: "frame_failed"; message: string; traceback: string };

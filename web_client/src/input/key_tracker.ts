/**
 * Which mapped keys are held, and which were pressed: pure, fed with key events.
 *
 * Keys are named as the action mapping names them (`KeyboardEvent.key`). A key is released by its place on the
 * keyboard (`code`), because its name changes with Shift and CapsLock between pressing and releasing.
 */
export interface KeyEventLike {
  key: string;
  code: string;
  repeat: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  isComposing?: boolean;
}

/** Names that people and old browsers use for what `KeyboardEvent.key` calls otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  Space: " ",
  Spacebar: " ",
  Esc: "Escape",
  Left: "ArrowLeft",
  Right: "ArrowRight",
  Up: "ArrowUp",
  Down: "ArrowDown",
  Del: "Delete",
  Return: "Enter",
};

const MODIFIERS: readonly (readonly [keyof Pick<KeyEventLike, "ctrlKey" | "altKey" | "metaKey">, string])[] = [
  ["ctrlKey", "Control"],
  ["altKey", "Alt"],
  ["metaKey", "Meta"],
];

export class KeyTracker {
  /** KeyboardEvent.key (and the lower case of single letters) -> the mapping's own name. */
  private readonly exact = new Map<string, string>();
  private readonly folded = new Map<string, string>();
  /** code -> mapping's name, in order of pressing. */
  private readonly down = new Map<string, string>();
  /** Keys that were held when the window lost the focus: a repeat shows that they still are. */
  private readonly suspended = new Set<string>();
  private presses: string[] = [];

  constructor(mappedKeys: Iterable<string>) {
    for (const name of mappedKeys) {
      const key = ALIASES[name] ?? name;
      this.exact.set(key, name);
      // A letter means the key, with or without Shift and CapsLock, unless both cases are mapped.
      const fold = key.toLowerCase();
      if (isLetter(key) && !this.folded.has(fold)) this.folded.set(fold, name);
    }
  }

  /** The mapping's name of this key, or null: then the key is none of the game's business. */
  nameOf(event: Pick<KeyEventLike, "key">): string | null {
    const key = ALIASES[event.key] ?? event.key;
    return this.exact.get(key) ?? (isLetter(key) ? this.folded.get(key.toLowerCase()) : undefined) ?? null;
  }

  /** Returns whether the event belongs to the game (its default action is to be prevented). */
  keyDown(event: KeyEventLike): boolean {
    if (event.isComposing || this.isShortcut(event)) return false;
    const name = this.nameOf(event);
    if (name === null) return false;
    const code = event.code || event.key;
    if (event.repeat) {
      // A key that was already down when the game began stays without effect until it is pressed anew.
      if (this.suspended.delete(code)) this.down.set(code, name);
      return true;
    }
    this.suspended.delete(code);
    if (!this.down.has(code)) {
      this.down.set(code, name);
      this.presses.push(name);
    }
    return true;
  }

  keyUp(event: KeyEventLike): boolean {
    const code = event.code || event.key;
    this.suspended.delete(code);
    // macOS sends no keyup for keys released while Meta is held: with it they all go.
    if (event.key === "Meta") this.down.clear();
    return this.down.delete(code);
  }

  /** The window lost the focus or was hidden: nothing is held as far as we can know. */
  releaseAll(): void {
    for (const code of this.down.keys()) this.suspended.add(code);
    this.down.clear();
  }

  /** Names of the keys held now, each once, in the order of pressing. */
  held(): string[] {
    return [...new Set(this.down.values())];
  }

  /** Presses since the last call, in order. */
  takePresses(): string[] {
    const presses = this.presses;
    this.presses = [];
    return presses;
  }

  /** A browser shortcut such as Ctrl+R: a modifier is held that the game does not use itself. */
  private isShortcut(event: KeyEventLike): boolean {
    return MODIFIERS.some(([flag, key]) => event[flag] && !this.exact.has(key));
  }
}

function isLetter(key: string): boolean {
  return [...key].length === 1 && key.toLowerCase() !== key.toUpperCase();
}

/** Copy a text; on insecure origins (a lab's plain http) there is no clipboard API, but a selection can be copied. */
export async function copyText(text: string, shown: HTMLElement): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) {
    try {
      await clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed here: the selection below serves.
    }
  }
  const selection = window.getSelection();
  const range = document.createRange();
  range.selectNodeContents(shown);
  selection?.removeAllRanges();
  selection?.addRange(range);
  return document.execCommand("copy");
}

/** Whether a background is a colour; otherwise it is an image's name or path. */
export function isColor(value: string): boolean {
  const text = value.trim();
  if (/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(text)) return true;
  if (/^(rgb|hsl)a?\(/i.test(text)) return true;
  return /^[a-z]+$/i.test(text) && typeof CSS !== "undefined" && CSS.supports("color", text);
}

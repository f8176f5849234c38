/** Where the points of a scale and its labels are. Pure. */

export interface LabelPlace {
  /** Along the line, 0 to 1. */
  centre: number;
  /** How much of the line the label may take, 0 to 1. */
  room: number;
  /** The labels at the ends of a scale with few of them stand at its edges, all others below their point. */
  align: "start" | "centre" | "end";
}

/** Whether each point has words of its own. */
export function isFullyLabelled({ points, labels }: { points: number; labels: readonly string[] }): boolean {
  return labels.length === points && labels.every((label) => label.trim() !== "");
}

/** The middle of a point, along the line from 0 to 1. */
function middleOf(point: number, points: number): number {
  return (point - 0.5) / points;
}

/** Labels are spread evenly from the first point to the last. */
export function labelPlaces(points: number, count: number): LabelPlace[] {
  if (count < 2) return count === 1 ? [{ centre: 0.5, room: 1, align: "centre" }] : [];
  const first = middleOf(1, points);
  const gap = (middleOf(points, points) - first) / (count - 1);
  return Array.from({ length: count }, (_, index) => {
    const atEdge = count <= 3 && (index === 0 || index === count - 1);
    const align = !atEdge ? "centre" : index === 0 ? "start" : "end";
    return { centre: first + index * gap, room: count <= 3 ? 0.9 / count : gap, align };
  });
}

/** The point at a place along the line (0 to 1; beyond its ends the first or last). */
export function pointAt(along: number, points: number): number {
  return Math.min(points, Math.max(1, Math.floor(along * points) + 1));
}

/** What a screen reader says of a point: its number, and its label when one stands exactly below it. */
export function pointWords(point: number, points: number, labels: readonly string[]): string {
  const number = `${point} of ${points}`;
  if (labels.length < 2) return number;
  const place = ((point - 1) * (labels.length - 1)) / (points - 1);
  const label = Number.isInteger(place) ? labels[place]?.trim() : "";
  return label ? `${label}, ${number}` : number;
}

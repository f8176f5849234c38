/** What the page's address says: the subject id (its path) and the parameters (recruiters' and free ones). */
export interface Address {
  subjectId: string;
  params: Record<string, string>;
}

const MAX_PARAMS = 50;
const MAX_LENGTH = 500;

export function parseAddress(pathname: string, search: string): Address {
  const first = pathname.split("/").find((part) => part !== "") ?? "";
  const params: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.keys(params).length >= MAX_PARAMS) break;
    if (name !== "" && !(name in params)) params[name.slice(0, MAX_LENGTH)] = value.slice(0, MAX_LENGTH);
  }
  return { subjectId: decode(first), params };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a broken escape: the server refuses it in words
  }
}

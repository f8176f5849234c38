/** Where a picture is served, by its path as the study or its environment writes it. Pure. */
export interface AssetFolders {
  /** Address that all others are below; ends with "/". */
  baseUrl: string;
  /** How the addresses of served folders begin. */
  roots: readonly string[];
  /** The folder of every path that begins with none of them. */
  assetsDir: string;
}

/** The same rule as `mug.study.assets.served_path`. */
export function servedPath(path: string, folders: Pick<AssetFolders, "roots" | "assetsDir">): string {
  if (/^(data:|blob:)/.test(path)) return path;
  const name = plain(path);
  const folder = plain(folders.assetsDir);
  if (!folders.roots.includes(folder) || folders.roots.some((root) => name.startsWith(`${root}/`))) return name;
  return `${folder}/${name}`;
}

function plain(path: string): string {
  return path
    .replace(/\\/g, "/")
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

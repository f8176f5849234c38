/** What draws a watched match, with all of its pictures loaded. */
import type { Renderer } from "../render/renderer";
import type { MatchDescription, WatchedContent } from "./api";
import type { WatchView } from "./watch_view";

export async function watchedRenderer(
  match: MatchDescription,
  content: WatchedContent,
  specs: readonly Record<string, unknown>[],
  view: WatchView,
): Promise<Renderer> {
  const { createRenderer } = await import("../render/renderer");
  let missing = 0;
  const tellMissing = (): void => {
    const what = missing === 1 ? "One picture of the game is" : `${missing} pictures of the game are`;
    view.note(`${what} not there: it is drawn without. ${match.without_pictures}`.trim());
  };
  const renderer = await createRenderer({
    width: content.config.game_width,
    height: content.config.game_height,
    background: content.background,
    folders: { baseUrl: content.assets_base_url, roots: content.asset_roots, assetsDir: content.assets_dir },
    animations: content.animations,
    smoothingMs: 0,
    assetMissing: () => {
      missing += 1;
      tellMissing();
    },
  });
  await renderer.loadAssets([...content.asset_specs, ...specs], () => undefined);
  return renderer;
}

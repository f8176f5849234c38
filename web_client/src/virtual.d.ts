declare module "virtual:mug-frame" {
  /** Address of the page that runs a study's HTML with scripts. */
  export const frameUrl: string;
}

declare module "virtual:mug-unity-frame" {
  /** Address of the page that runs a study's Unity build. */
  export const frameUrl: string;
}

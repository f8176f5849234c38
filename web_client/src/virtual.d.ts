declare module "virtual:mug-frame" {
  /** Address of the page that runs a study's HTML with scripts. */
  export const frameUrl: string;
}

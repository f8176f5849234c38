/** Whether WebGL is drawn by a graphics card, or by the processor, which needs that time for the game. */

/** Renderers that are programs: Chromium's, Mesa's, Windows' and Apple's. */
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** The name of what draws WebGL says that it is the processor. A hidden name is taken for a graphics card. */
export function isDrawnByProcessor(rendererName: string): boolean {
  return BY_PROCESSOR.test(rendererName);
}

/** Browsers differ in what they call a major performance caveat, so the name of the renderer is asked too. */
export function hasGraphicsCard(): boolean {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const gl = canvas.getContext("webgl", { failIfMajorPerformanceCaveat: true });
  if (gl === null) return false;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = gl.getParameter(names === null ? gl.RENDERER : names.UNMASKED_RENDERER_WEBGL);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !isDrawnByProcessor(String(name));
}

/** What the graphics hardware can be asked for. Software rendering still gets a usable page: fewer samples, no outline. */

/** Names by which drivers that render on the CPU call themselves. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Sub-samples a pixel: at 4 the edges of walls stop crawling; dense screens need none. */
const MSAA_SAMPLES = 4;
const DENSE_PIXEL_RATIO = 2;

/** @typedef {{ weak: boolean, msaaSamples: number, screenSpaceError: number }} Quality */

/** @returns {Quality} `screenSpaceError` in pixels; the tiler's geometric errors are measured, so this is what one sees */
export function chooseQuality() {
  const weak = SOFTWARE.test(rendererName());
  return { weak, msaaSamples: weak || window.devicePixelRatio >= DENSE_PIXEL_RATIO ? 1 : MSAA_SAMPLES, screenSpaceError: weak ? 16 : 8 };
}

function rendererName() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return "";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return name;
}

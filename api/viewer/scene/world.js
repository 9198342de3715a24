/**
 * The globe and its light: CesiumJS's own widget, base map and sky, all from this server, no account and no outside request.
 * The only module that makes the widget.
 */

import {
  Cartesian3,
  CesiumWidget,
  Color,
  Credit,
  CreditDisplay,
  DirectionalLight,
  ImageryLayer,
  RequestScheduler,
  TileMapServiceImageryProvider,
  buildModuleUrl,
} from "../vendor/cesium/cesium.js";

/** Sub-samples a pixel: 4 is where edges of walls stop crawling; phones have dense pixels and take 1. */
const MSAA_SAMPLES = 4;
const DENSE_PIXEL_RATIO = 2;
/** HTTP/1.1 servers serve a browser six at a time; more only queue, and keep stale tiles in that queue. */
const REQUESTS_PER_SERVER = 12;

const CREDIT = '<a href="https://cesium.com/platform/cesiumjs/">CesiumJS</a> · <a href="https://www.naturalearthdata.com/">Natural Earth</a>';

/** Whether the colours of the page are dark now. */
const darkScheme = () => matchMedia("(prefers-color-scheme: dark)");

/**
 * @param {HTMLElement} container
 * @param {HTMLElement} creditContainer
 * @returns {CesiumWidget}
 */
export function createWorld(container, creditContainer) {
  RequestScheduler.maximumRequestsPerServer = REQUESTS_PER_SERVER;
  // CesiumJS's own default is the logo of its cloud service, which this page does not use.
  CreditDisplay.cesiumCredit = new Credit(CREDIT, true);
  const widget = new CesiumWidget(container, {
    creditContainer,
    baseLayer: ImageryLayer.fromProviderAsync(
      TileMapServiceImageryProvider.fromUrl(buildModuleUrl("Assets/Textures/NaturalEarthII")),
      { saturation: 0.55 },
    ),
    requestRenderMode: true,
    maximumRenderTimeChange: Number.POSITIVE_INFINITY,
    msaaSamples: window.devicePixelRatio >= DENSE_PIXEL_RATIO ? 1 : MSAA_SAMPLES,
    scene3DOnly: true,
    showRenderLoopErrors: false,
    contextOptions: { webgl: { powerPreference: "high-performance" } },
    shadows: false,
  });
  const { scene } = widget;
  widget.useBrowserRecommendedResolution = false;
  widget.resolutionScale = 1 / Math.max(1, window.devicePixelRatio / DENSE_PIXEL_RATIO);
  const globe = scene.globe;
  globe.depthTestAgainstTerrain = true;
  globe.showGroundAtmosphere = true;
  globe.enableLighting = false;
  scene.fog.enabled = false;
  scene.screenSpaceCameraController.minimumZoomDistance = 0.5;
  scene.camera.percentageChanged = 0.02;
  followScheme(widget);
  followCameraWithLight(widget);
  return widget;
}

/** Dims the base map in the dark scheme, so that the page does not glow around the models. */
function followScheme(/** @type {CesiumWidget} */ widget) {
  const query = darkScheme();
  const apply = () => {
    const layer = widget.scene.imageryLayers.get(0);
    if (layer) layer.brightness = query.matches ? 0.45 : 1.15;
    widget.scene.globe.baseColor = Color.fromCssColorString(query.matches ? "#1d232b" : "#cfd6da");
    widget.scene.requestRender();
  };
  query.addEventListener("change", apply);
  widget.scene.imageryLayers.layerAdded.addEventListener(apply);
  apply();
}

/**
 * Light from behind the viewer's left shoulder, whatever the hour at the site: every side is readable, and edges keep
 * their contrast because the light is never straight ahead.
 */
function followCameraWithLight(/** @type {CesiumWidget} */ widget) {
  const { scene } = widget;
  const light = new DirectionalLight({ direction: new Cartesian3(1, 0, 0), intensity: 2.2 });
  const parts = [new Cartesian3(), new Cartesian3()];
  scene.light = light;
  scene.preRender.addEventListener(() => {
    const { directionWC, rightWC, upWC } = scene.camera;
    Cartesian3.multiplyByScalar(rightWC, 0.55, parts[0]);
    Cartesian3.multiplyByScalar(upWC, -0.75, parts[1]);
    Cartesian3.add(directionWC, parts[0], parts[0]);
    Cartesian3.add(parts[0], parts[1], parts[0]);
    Cartesian3.normalize(parts[0], light.direction);
  });
}

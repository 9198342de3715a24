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
  Math as CesiumMath,
  RequestScheduler,
  TileMapServiceImageryProvider,
  buildModuleUrl,
} from "../vendor/cesium/cesium.js";
import { isDark, onScheme } from "../scheme.js";
import { GridPaper } from "./paper.js";

/** @typedef {import("../vendor/cesium/cesium.js").Scene} Scene */

/** HTTP/1.1 servers serve a browser six at a time; more only queue, and keep stale tiles in that queue. */
const REQUESTS_PER_SERVER = 12;

const CREDIT = '<a href="https://cesium.com/platform/cesiumjs/">CesiumJS</a> · <a href="https://www.naturalearthdata.com/">Natural Earth</a>';

/**
 * Camera heights (m) between which the base map gives way to plain paper with a grid: its pixels are 20 km wide, so near a
 * building it is one flat green, and a grid says more about scale.
 */
const PAPER_BELOW_M = 2_000;
const MAP_ABOVE_M = 300_000;
const MAP_SHARE_NEAR = 0.18;
/** With a smaller share of the pixels, lines of the grid would be beams. */
const LEAST_SHARP = 0.5;

/** Colours of ground, grid and sky by the page's scheme; `brightness` of the map, `dusk` the sky's shift. */
const SCHEMES = {
  light: { paper: "#d9dee0", line: "#8797a4", brightness: 1.12, sky: "#dbe6ee", dusk: 0 },
  dark: { paper: "#20262e", line: "#7b8ea1", brightness: 0.5, sky: "#11151a", dusk: -0.55 },
};

/**
 * @param {HTMLElement} container
 * @param {HTMLElement} creditContainer
 * @param {import("./quality.js").Quality} quality
 */
export function createWorld(container, creditContainer, quality) {
  RequestScheduler.maximumRequestsPerServer = REQUESTS_PER_SERVER;
  // CesiumJS's own default is the logo of its cloud service, which this page does not use.
  CreditDisplay.cesiumCredit = new Credit(CREDIT, true);
  const widget = new CesiumWidget(container, {
    creditContainer,
    baseLayer: ImageryLayer.fromProviderAsync(
      TileMapServiceImageryProvider.fromUrl(buildModuleUrl("Assets/Textures/NaturalEarthII")),
      { saturation: 0.6 },
    ),
    requestRenderMode: true,
    // `pace.js` says when.
    useDefaultRenderLoop: false,
    maximumRenderTimeChange: Number.POSITIVE_INFINITY,
    msaaSamples: quality.msaaSamples,
    orderIndependentTranslucency: !quality.weak,
    scene3DOnly: true,
    showRenderLoopErrors: false,
    contextOptions: { webgl: { powerPreference: "high-performance" } },
    shadows: false,
  });
  const { scene } = widget;
  const { globe } = scene;
  globe.depthTestAgainstTerrain = true;
  globe.showGroundAtmosphere = !quality.weak;
  globe.enableLighting = false;
  scene.fog.enabled = false;
  scene.screenSpaceCameraController.minimumZoomDistance = 0.5;
  scene.camera.percentageChanged = 0.02;
  if (quality.weak) {
    plainSky(scene);
    // Each step of the ground costs a frame: all that is seen at once.
    globe.loadingDescendantLimit = Number.POSITIVE_INFINITY;
  }
  followCameraWithLight(widget);
  return { widget, paper: layPaper(widget, quality) };
}

/**
 * Paper and grid near the ground, map from afar, in the colours of the page's scheme. Returns what lays the grid's origin.
 * @param {CesiumWidget} widget
 * @param {import("./quality.js").Quality} quality
 */
function layPaper(widget, quality) {
  const { scene } = widget;
  const map = scene.imageryLayers.get(0);
  const grid = new GridPaper(scene);
  const line = new Color();
  const apply = () => {
    const scheme = isDark() ? SCHEMES.dark : SCHEMES.light;
    map.brightness = scheme.brightness;
    scene.globe.baseColor = Color.fromCssColorString(scheme.paper);
    Color.fromCssColorString(scheme.line, line);
    scene.backgroundColor = Color.fromCssColorString(scheme.sky);
    if (scene.skyAtmosphere) scene.skyAtmosphere.brightnessShift = scheme.dusk;
    scene.requestRender();
  };
  onScheme(apply);
  apply();
  scene.preRender.addEventListener(() => {
    const height = Math.max(1, scene.camera.positionCartographic.height);
    const far = CesiumMath.clamp(Math.log(height / PAPER_BELOW_M) / Math.log(MAP_ABOVE_M / PAPER_BELOW_M), 0, 1);
    map.alpha = CesiumMath.lerp(MAP_SHARE_NEAR, 1, far);
    map.show = !(quality.weak && far === 0);
    grid.update(1 - far, line, widget.resolutionScale >= LEAST_SHARP);
  });
  return grid;
}

/** Sky by colour alone: the atmosphere's scattering is computed per pixel, half of a frame in software. @param {Scene} scene */
function plainSky(scene) {
  for (const part of [scene.skyAtmosphere, scene.skyBox, scene.sun, scene.moon]) if (part) part.show = false;
}

/**
 * Light from behind the viewer's left shoulder, whatever the hour at the site: every side is readable, and edges keep
 * their contrast because the light is never straight ahead.
 */
function followCameraWithLight(/** @type {CesiumWidget} */ widget) {
  const { scene } = widget;
  const light = new DirectionalLight({ direction: new Cartesian3(1, 0, 0), intensity: 2.6 });
  const parts = [new Cartesian3(), new Cartesian3()];
  scene.light = light;
  scene.preRender.addEventListener(() => {
    const { directionWC, rightWC, upWC } = scene.camera;
    Cartesian3.multiplyByScalar(rightWC, 0.4, parts[0]);
    Cartesian3.multiplyByScalar(upWC, -0.6, parts[1]);
    Cartesian3.add(directionWC, parts[0], parts[0]);
    Cartesian3.add(parts[0], parts[1], parts[0]);
    Cartesian3.normalize(parts[0], light.direction);
  });
}

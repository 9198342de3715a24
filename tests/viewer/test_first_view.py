"""The first view where the processor draws: fetched first, drawn once, sharp at the end."""

import numpy as np
import pytest

from tests.viewer.conftest import Watched

pytestmark = pytest.mark.browser

TEXEL = 0.02
"""What the formula of reflections may be off by, where nothing shines."""


def test_the_first_view_ends_sharp_and_with_every_model(scene: Watched) -> None:
    sharp, blurred, hidden = scene.page.evaluate("""() => {
      const { scene } = window.twinViewer;
      const tilesets = Array.from({ length: scene.primitives.length }, (_, i) => scene.primitives.get(i)).filter((each) => each.maximumScreenSpaceError);
      return [scene.canvas.width / (scene.canvas.clientWidth * devicePixelRatio), scene.canvas.style.imageRendering === "auto", tilesets.filter(({ show }) => !show).length];
    }""")
    assert (sharp, blurred, hidden) == (1, False, 0)


def _integral(cosine: float, roughness: float) -> tuple[float, float]:
    """Scale and bias of the reflectance of a rough surface (Karis, "Real Shading in Unreal Engine 4", 2013), by 4,096 samples."""
    one = (np.arange(4096) + 0.5) / 4096
    other = (np.arange(4096) * 0.618033988749895) % 1
    alpha = roughness**2
    down = np.sqrt((1 - other) / (1 + (alpha**2 - 1) * other))
    flat = np.sqrt(1 - down**2)
    half = np.stack([flat * np.cos(2 * np.pi * one), flat * np.sin(2 * np.pi * one), down])
    view = np.array([np.sqrt(1 - cosine**2), 0.0, cosine])
    towards = view @ half
    light = 2 * towards * half[2] - view[2]
    seen = light > 0
    k = alpha / 2
    shadow = (light / (light * (1 - k) + k)) * (cosine / (cosine * (1 - k) + k))
    weight = np.where(seen, shadow * towards / (half[2] * cosine), 0.0)
    fresnel = (1 - np.clip(towards, 0, 1)) ** 5
    return float(np.mean((1 - fresnel) * weight)), float(np.mean(fresnel * weight))


@pytest.mark.parametrize("cosine", [0.2, 0.5, 0.9])
def test_light_all_around_is_nearly_that_of_the_integral(scene: Watched, cosine: float) -> None:
    """Of surfaces that reflect 4 % and are as rough as tiles are."""
    script = "async ([cosine, roughness]) => (await import('/viewer/scene/lighting.js')).reflectance(cosine, roughness)"
    roughness = 0.9
    scale, bias = scene.page.evaluate(script, [cosine, roughness])
    exact_scale, exact_bias = _integral(cosine, roughness)
    assert abs((0.04 * scale + bias) - (0.04 * exact_scale + exact_bias)) < TEXEL

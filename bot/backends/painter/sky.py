"""The sky: its gradient, sun or moon, stars, clouds and what falls out of them."""

import math

import numpy as np

from bot.backends.painter.canvas import Canvas, blurred, colour
from bot.backends.painter.noise import Array, hashed, salted, smoothstep
from bot.backends.painter.palette import COLOURS, mix, rgb
from bot.backends.painter.scene import Scene

STOPS = np.array([0.0, 0.1, 0.36, 0.85], np.float32)


def gradient(scene: Scene, elevation: Array) -> Array:
    """The sky's colour (3, n) at heights over the horizon, in units."""
    sky = scene.palette.sky[::-1]
    e = np.clip(elevation / scene.recipe.span[1], 0, 2)
    return np.stack([np.interp(e, STOPS, [float(c[k]) for c in sky]) for k in range(3)]).astype(np.float32)


def paint_sky(canvas: Canvas, scene: Scene) -> None:
    p = scene.palette
    canvas.rgb[:] = gradient(scene, scene.horizon - canvas.ys)[:, :, None]
    soft = scene.noise.field(canvas.xs, canvas.ys, 1.1, "sky tone", fy=2.2, octaves=2)
    canvas.rgb += (soft * np.float32(0.022))[None]
    canvas.check()
    clear = p.night > 0.5 and not {"storm", "cloudy", "rain"} & set(scene.features.weather)
    if scene.shows("stars") and (clear or scene.weather("stars")):
        paint_stars(canvas, scene, 0.5 if "stars" not in scene.features.weather else 0.85)
    if scene.weather("aurora"):
        _aurora(canvas, scene)
    _bodies(canvas, scene)
    if not scene.weather("clear") and scene.shows("cloudy"):
        _clouds(canvas, scene)
    if scene.weather("rainbow"):
        _rainbow(canvas, scene)


def _near(canvas: Canvas, x: float, y: float, reach: float) -> tuple[slice, Array] | None:
    """The rows within `reach` of a point, and each pixel's distance to it there."""
    rows = canvas.rows(y - reach, y + reach)
    if rows.start >= rows.stop:
        return None
    return rows, np.hypot(canvas.xs[None, :] - x, canvas.ys[rows, None] - y)


def paint_stars(canvas: Canvas, scene: Scene, share: float, cell: float = 0.022) -> None:
    """A star in some of the cells of a grid, of differing brightness and tint."""
    view = canvas.view
    cell = max(cell, 5 / view.scale)
    ix = np.arange(int(view.left / cell) - 2, int((view.left + view.width / view.scale) / cell) + 2)
    iy = np.arange(int(view.top / cell) - 2, int((view.top + view.height / view.scale) / cell) + 2)
    seed = scene.recipe.seed
    there = hashed(ix[None], iy[:, None], seed ^ 11) < share * 0.55
    cy, cx = np.nonzero(there)
    values = [hashed(ix[cx], iy[cy], seed ^ k) for k in (12, 13, 14)]
    px = ((ix[cx] + values[0]) * cell - view.left) * view.scale
    py = ((iy[cy] + values[1]) * cell - view.top) * view.scale
    size = (0.55 + 1.5 * values[2] ** 9) * max(view.scale / 1024, 0.7)
    light = 0.3 + 0.7 * values[2] ** 2
    layer = np.zeros((view.height, view.width), np.float32)
    for dx in range(-2, 3):
        for dy in range(-2, 3):
            x, y = np.floor(px).astype(int) + dx, np.floor(py).astype(int) + dy
            fine = (x >= 0) & (y >= 0) & (x < view.width) & (y < view.height)
            d2 = (x + 0.5 - px) ** 2 + (y + 0.5 - py) ** 2
            np.maximum.at(
                layer, (y[fine], x[fine]), (light * np.exp(-d2 / (2 * size**2) * 1.6))[fine].astype(np.float32)
            )
    height = (
        np.clip((scene.horizon - canvas.ys) / 0.3 + 0.15, 0, 1)[:, None]
        if scene.whole not in {"space", "lunar"}
        else np.float32(1)
    )
    canvas.lay(rgb("fdf6e6"), layer * height)


def _bodies(canvas: Canvas, scene: Scene) -> None:
    """The sun by day, the moon by night, both if asked for."""
    asked = {s.name: s for s in scene.features.subjects if s.name in {"sun", "moon"}}
    hidden = bool({"storm", "rain", "fog"} & set(scene.features.weather))
    dark = scene.palette.night > 0.6
    sunny = "sun" in asked or (not dark and not hidden and scene.shows("sun"))
    if sunny:
        _sun(canvas, scene, asked["sun"].size if "sun" in asked else 1.0, asked["sun"].colour if "sun" in asked else "")
    if "moon" in asked or (
        dark and not hidden and scene.shows("moon") and scene.palette.sun_height > 0.2 and not scene.weather("aurora")
    ):
        moon = asked.get("moon")
        _moon(canvas, scene, moon.size * 1.35 if moon else 1.0, moon.colour if moon else "", aside=sunny)
    for extra in range(int(scene.recipe.knobs.weird * 3.4)):
        _disc(
            canvas,
            scene.noise.number(f"wx{extra}", -0.4, 0.4),
            scene.horizon - scene.noise.number(f"wy{extra}", 0.2, 0.5),
            scene.noise.number(f"wr{extra}", 0.03, 0.1),
            scene.palette.accent,
        )


def _sun(canvas: Canvas, scene: Scene, size: float, name: str) -> None:
    p, (x, y) = scene.palette, scene.sun
    low = 1 - min(p.sun_height / 0.4, 1)
    paint = p.sun if not name else mix(p.sun, COLOURS[name], 0.85)
    d = np.hypot(canvas.xs[None, :] - x, (canvas.ys[:, None] - y) * 1.25)
    canvas.lay(mix(paint, p.sky[3], 0.5), np.exp(-d * np.float32(4.6)) * np.float32(0.38 + 0.3 * low))
    canvas.lay(paint, np.exp(-d * np.float32(15)) * np.float32(0.6))
    radius = (0.03 + 0.022 * low) * size
    _disc(canvas, x, y, radius, mix(paint, rgb("ffffff"), 0.35))


def _disc(canvas: Canvas, x: float, y: float, radius: float, paint: Array) -> None:
    near = _near(canvas, x, y, radius * 1.2)
    if near is not None:
        rows, d = near
        canvas.lay(paint, np.clip((radius - d) * canvas.view.scale + 0.5, 0, 1), rows)


def paint_asked(canvas: Canvas, scene: Scene) -> None:
    """A sun or a moon that was asked for, on a sky that is there already."""
    for subject in scene.features.subjects:
        if subject.name == "sun":
            _sun(canvas, scene, subject.size, subject.colour)
        elif subject.name == "moon":
            _moon(canvas, scene, subject.size * 1.35, subject.colour)


def _moon(canvas: Canvas, scene: Scene, size: float, name: str, *, aside: bool = False) -> None:
    """`aside`: there is a sun where it would be."""
    x, y = scene.sun[0], scene.horizon - scene.recipe.span[1] * scene.noise.number("moon", 0.3, 0.4)
    if aside:
        away = 0.2 * scene.side * scene.recipe.span[0]
        x += -away if abs(x - away) < 0.42 * scene.recipe.span[0] else away
    radius = scene.noise.number("moon size", 0.045, 0.065) * size
    paint = rgb("f4efdc") if not name else mix(rgb("f4efdc"), COLOURS[name], 0.7)
    d = np.hypot(canvas.xs[None, :] - x, canvas.ys[:, None] - y)
    canvas.lay(mix(paint, scene.palette.sky[2], 0.4), np.exp(-d / np.float32(radius * 2.6)) * np.float32(0.5))
    near = _near(canvas, x, y, radius * 1.1)
    if near is None:
        return
    rows, d = near
    spots = scene.noise.still.field(canvas.xs - x, canvas.ys[rows] - y, 0.36 / radius, "maria", octaves=3)
    tone = 1 - 0.13 * smoothstep(0.0, 0.6, spots) - 0.1 * smoothstep(radius * 0.6, radius, d)
    disc = np.clip((radius - d) * canvas.view.scale + 0.5, 0, 1)
    if scene.noise.choice("phase", 3) == 0:
        shadow = np.hypot(
            canvas.xs[None, :] - x - radius * 0.62 * scene.side, canvas.ys[rows, None] - y + radius * 0.12
        )
        disc *= np.clip((shadow - radius * 0.96) * canvas.view.scale * 0.5 + 0.5, 0, 1)
    canvas.lay(colour(paint) * tone[None], disc, rows)


def _clouds(canvas: Canvas, scene: Scene) -> None:
    """Two sheets of cloud that flatten towards the horizon, lit from the sun's side."""
    p, weather = scene.palette, scene.features.weather
    heavy = "storm" in weather or "rain" in weather
    cover = (
        0.95
        if heavy
        else 0.72
        if "cloudy" in weather
        else 0.5
        if "snow" in weather
        else scene.noise.number("cover", 0.05, 0.62)
    )
    bottom = scene.horizon + 0.01
    rows = canvas.rows(-1e6, bottom)
    if rows.stop <= rows.start:
        return
    e = (scene.horizon - canvas.ys[rows]) / scene.recipe.span[1]
    depth = (-np.log(np.maximum(e, 0) + np.float32(0.09)) * np.float32(0.75)).astype(np.float32)
    shift = np.float32(0.03 if scene.sun[0] > 0 else -0.03)
    n, high = scene.noise, canvas.ys[rows]
    body = n.field(canvas.xs, depth, 2.1, "clouds", fy=5.2, octaves=6, gain=0.52, heights=high)
    toward = n.field(
        canvas.xs + shift, depth + np.float32(0.014), 2.1, "clouds", fy=5.2, octaves=5, gain=0.52, heights=high
    )
    edge = 0.75 - 1.35 * cover
    mask = smoothstep(edge, edge + (0.85 if heavy else 0.6), body)
    lit = np.clip(0.52 + (body - toward) * 1.25 + 0.2 * (edge + 0.5 - body), 0, 1)
    d = np.hypot(canvas.xs[None, :] - scene.sun[0], canvas.ys[rows, None] - scene.sun[1])
    lit = np.clip(lit + 0.4 * np.exp(-d * np.float32(3.5)), 0, 1)
    fade = np.clip(e * 9, 0, 1)[:, None] * np.clip(1.35 - e * (0.3 if heavy else 0.9), 0.25, 1)[:, None]
    shade = mix(p.cloud_shade, rgb("20242e"), 0.35 if "storm" in weather else 0.0)
    paint = colour(shade) + (colour(p.cloud_light) - colour(shade)) * lit[None]
    canvas.lay(paint, mask * fade * np.float32(0.92), rows)
    if "storm" in weather and scene.shows("storm"):
        _lightning(canvas, scene)


def _lightning(canvas: Canvas, scene: Scene) -> None:
    ys = np.linspace(-scene.bottom, scene.horizon, 90).astype(np.float32)
    start = scene.side * -scene.noise.number("bolt", 0.1, 0.4) * scene.recipe.span[0]
    path = start + 0.055 * scene.noise.still.line(ys, 5, "bolt", 5, 0.6)
    x_at = np.interp(canvas.ys, ys, path).astype(np.float32)
    inside = (canvas.ys < scene.horizon).astype(np.float32)[:, None]
    d = np.abs(canvas.xs[None, :] - x_at[:, None])
    canvas.lay(rgb("e8e4ff"), np.exp(-d * np.float32(26)) * inside * np.float32(0.45))
    canvas.lay(rgb("ffffff"), np.clip((0.0026 - d) * canvas.view.scale + 0.5, 0, 1) * inside)


def _aurora(canvas: Canvas, scene: Scene) -> None:
    n = scene.noise
    for k, paint in enumerate((rgb("4ff0a0"), rgb("46d0c8"), rgb("a860e8"))):
        foot = scene.horizon - (0.16 + 0.1 * k) + 0.1 * n.line(canvas.xs, 1.5, f"aurora {k}", 3)
        rays = 0.55 + 0.45 * n.line(canvas.xs, 16, f"rays {k}", 3, 0.7)
        height = foot[None, :] - canvas.ys[:, None]
        glow = np.exp(np.where(height > 0, -height * np.float32(5.5), height * np.float32(40)))
        canvas.lay(paint, glow * np.clip(rays, 0, 1)[None, :] * np.float32(0.6))


def _rainbow(canvas: Canvas, scene: Scene) -> None:
    d = np.hypot(canvas.xs[None, :] - scene.side * 0.15, canvas.ys[:, None] - scene.horizon - 0.12)
    for k, code in enumerate(("d84a4a", "e8924a", "ecd44a", "58b868", "4a8ad8", "8a5ac8")):
        canvas.lay(
            rgb(code),
            np.exp(-(((d - 0.5 + 0.011 * k) / np.float32(0.008)) ** 2))
            * np.float32(0.42)
            * (canvas.ys < scene.horizon + 0.01)[:, None],
        )


def paint_weather(canvas: Canvas, scene: Scene) -> None:
    """What is in the air in front of everything: mist, rain, snow."""
    n = scene.noise
    if scene.weather("fog") or scene.weather("rain"):
        veil = n.field(canvas.xs, canvas.ys, 1.2, "veil", fy=4.5, octaves=4)
        band = np.exp(-np.abs(canvas.ys - scene.horizon - 0.05) * np.float32(3.2))[:, None]
        canvas.lay(
            scene.palette.haze,
            np.clip(0.45 + 0.4 * veil, 0, 1) * band * np.float32(0.72 if scene.weather("fog") else 0.3),
        )
    if scene.weather("rain") or scene.weather("storm"):
        slant = np.float32(0.16)
        step = max(int(0.09 * canvas.view.scale), 4)
        for k, size in enumerate((150.0, 90.0)):
            drops = n.field(canvas.xs, canvas.ys * np.float32(0.06), size, f"rain {k}", octaves=1)
            shift = ((canvas.ys * slant * canvas.view.scale).astype(int) % canvas.view.width)[:, None]
            cols = (np.arange(canvas.view.width)[None, :] + shift + step) % canvas.view.width
            streaks = smoothstep(0.62, 1.35, np.take_along_axis(drops, cols, axis=1))
            canvas.lay(mix(scene.palette.sky[3], rgb("ffffff"), 0.4), streaks * np.float32(0.3 - 0.08 * k))
    if scene.weather("snow") and "snow" not in scene.features.banned and scene.whole == "":
        for k, (cell, size) in enumerate(((0.03, 1.3), (0.06, 2.4), (0.15, 4.5))):
            _flakes(canvas, scene, cell, size * canvas.view.scale / 1024, 0.85 - 0.15 * k, k)


def _flakes(canvas: Canvas, scene: Scene, cell: float, size: float, strength: float, k: int) -> None:
    view = canvas.view
    ix = np.arange(math.floor(view.left / cell) - 1, math.ceil((view.left + view.width / view.scale) / cell) + 1)
    iy = np.arange(math.floor(view.top / cell) - 1, math.ceil((view.top + view.height / view.scale) / cell) + 1)
    seed = scene.recipe.seed ^ salted(f"flakes {k}")
    cy, cx = np.nonzero(hashed(ix[None], iy[:, None], seed) < 0.3)
    jx, jy, js = (hashed(ix[cx], iy[cy], seed ^ q) for q in (1, 2, 3))
    layer = np.zeros((view.height, view.width), np.float32)
    reach = max(math.ceil(size * 2), 1)
    px, py = ((ix[cx] + jx) * cell - view.left) * view.scale, ((iy[cy] + jy) * cell - view.top) * view.scale
    for dx in range(-reach, reach + 1):
        for dy in range(-reach, reach + 1):
            x, y = px.astype(int) + dx, py.astype(int) + dy
            fine = (x >= 0) & (y >= 0) & (x < view.width) & (y < view.height)
            d = np.hypot(x + 0.5 - px, y + 0.5 - py)
            np.maximum.at(
                layer, (y[fine], x[fine]), np.clip(size * (0.6 + 0.6 * js) - d + 0.5, 0, 1)[fine].astype(np.float32)
            )
    canvas.lay(rgb("fbfdff"), (blurred(layer, size * 0.6) if k == 2 else layer) * np.float32(strength))

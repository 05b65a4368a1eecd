"""Places with a painting of their own: space, the moon's ground, the deep sea, a room, a pattern."""

import numpy as np

from bot.backends.painter.canvas import Canvas, colour
from bot.backends.painter.land import below, between, relief
from bot.backends.painter.noise import Array, smoothstep
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.scene import Scene
from bot.backends.painter.sky import paint_stars


def paint_whole(canvas: Canvas, scene: Scene) -> None:
    match scene.whole:
        case "space":
            paint_space(canvas, scene, 1.0)
            if scene.shows("planet") and "planet" not in {s.name for s in scene.features.subjects}:
                _sphere(
                    canvas,
                    scene,
                    scene.side * 0.3 * scene.recipe.span[0],
                    -0.16,
                    scene.noise.number("world", 0.09, 0.19),
                    "world",
                )
        case "lunar":
            _lunar(canvas, scene)
        case "underwater":
            _underwater(canvas, scene)
        case "interior":
            _interior(canvas, scene)
        case _:
            _pattern(canvas, scene)


def paint_space(canvas: Canvas, scene: Scene, clouds: float) -> None:
    """Darkness, nebulae in two colours, stars."""
    n, xs, ys = scene.noise, canvas.xs, canvas.ys
    canvas.rgb[:] = colour(rgb("070a1a"))
    hues = [("7a3fa0", "e0608a"), ("2f6fb0", "5ad0c8"), ("a0482f", "f0b060"), ("3a4fb0", "c070d8")][
        n.choice("nebula", 4)
    ]
    warp = n.field(xs, ys, 1.4, "warp", octaves=3) * np.float32(0.5)
    glow = n.field(xs, ys, 1.7, "nebula", octaves=6, gain=0.56, heights=ys)
    glow2 = n.field(xs, ys, 2.6, "nebula 2", octaves=5, gain=0.58, heights=ys)
    tints = [scene.palette.accent] if scene.features.tints else []
    first = mix(rgb(hues[0]), tints[0], 0.6) if tints else rgb(hues[0])
    canvas.lay(first, smoothstep(-0.5, 1.5, glow + warp) * np.float32(0.75 * clouds))
    canvas.lay(rgb(hues[1]), smoothstep(0.1, 1.7, glow2 + glow * 0.6 + warp) * np.float32(0.8 * clouds))
    canvas.lay(rgb("fff0e0"), smoothstep(1.0, 2.4, glow2 + glow + warp) * np.float32(0.7 * clouds))
    canvas.lay(
        rgb("04050e"),
        smoothstep(0.5, 1.5, n.field(xs, ys, 3.0, "dust", octaves=5) - glow * 0.4) * np.float32(0.55 * clouds),
    )
    if scene.shows("stars"):
        paint_stars(canvas, scene, 0.95, 0.017)


def _sphere(canvas: Canvas, scene: Scene, x: float, y: float, radius: float, name: str, earth: bool = False) -> None:
    """A planet: bands or continents, lit from one side."""
    n, rows = scene.noise.still, canvas.rows(y - radius * 1.6, y + radius * 1.6)
    if rows.stop <= rows.start:
        return
    dx, dy = (canvas.xs[None, :] - x) / np.float32(radius), (canvas.ys[rows, None] - y) / np.float32(radius)
    d = np.hypot(dx, dy)
    height = np.sqrt(np.clip(1 - d * d, 0, 1))
    light = np.clip(-dx * scene.side * 0.75 - dy * 0.45 + height * 0.45, 0, 1)
    u = (canvas.xs - x) / np.float32(radius)
    v = (canvas.ys[rows] - y) / np.float32(radius)
    if earth:
        land = n.field(u, v, 1.3, name, octaves=5)
        swirl = n.field(u, v, 2.2, f"{name} clouds", fy=4, octaves=5)
        body = between(rgb("2a5fa8"), rgb("4f9a5a"), smoothstep(0.1, 0.25, land))
        body += (colour(rgb("ffffff")) - body) * (smoothstep(0.2, 1.0, swirl) * np.float32(0.9))[None]
    else:
        bands = n.field(u, v, 0.7, name, fy=3.4, octaves=5)
        pair = [("d8a060", "7a4a3a"), ("7ab0c8", "2a4a6a"), ("c87a8a", "5a2a4a"), ("a8b878", "4a5a3a")][
            n.choice(name, 4)
        ]
        body = between(rgb(pair[1]), rgb(pair[0]), np.clip(0.5 + 0.5 * bands, 0, 1))
    body *= (0.06 + 1.1 * light)[None]
    rim = np.exp(-np.maximum(d - 1, 0) * 16) * (d > 0.97) * np.clip(0.2 - dx * scene.side, 0, 1)
    canvas.lay(rgb("9fc8f0"), rim * np.float32(0.5), rows)
    canvas.lay(body, np.clip((1 - d) * radius * canvas.view.scale + 0.5, 0, 1), rows)


def _lunar(canvas: Canvas, scene: Scene) -> None:
    red = "red" in (*scene.features.tints, *scene.features.elements.values())
    paint_space(canvas, scene, 0.22)
    if scene.shows("planet"):
        _sphere(
            canvas,
            scene,
            -scene.side * 0.24 * scene.recipe.span[0],
            scene.horizon - 0.3 * scene.recipe.span[1],
            scene.noise.number("earth", 0.085, 0.12),
            "earth",
            True,
        )
    n, xs = scene.noise, canvas.xs
    stone = rgb("b0603c") if red else rgb("b4b2ae")
    for k, (high, tone) in enumerate(((0.06, 0.45), (0.0, 1.0))):
        line = (
            scene.horizon
            - high * (0.5 + 0.6 * n.line(xs, 1.6, f"lunar {k}", 4))
            + 0.006 * n.line(xs, 9, f"lunar fine {k}", 3)
        )
        rows = canvas.rows(float(line.min()) - 0.01)
        if rows.stop <= rows.start:
            continue
        t = np.maximum(canvas.ys[rows] - scene.horizon, 0)
        depth = (-np.log(t + np.float32(0.04))).astype(np.float32)
        step = np.float32(0.014 if scene.sun[0] < 0 else -0.014)
        a = n.field(xs, depth, 2.6, "dust", fy=3.2, octaves=6, gain=0.55)
        b = n.field(xs + step, depth + np.float32(0.02), 2.6, "dust", fy=3.2, octaves=6, gain=0.55)
        lit = np.clip(0.55 + (a - b) * 1.15, 0, 1) * tone
        if k:
            lit = _craters(canvas, scene, rows, lit)
        canvas.lay(between(stone * np.float32(0.12), stone * np.float32(1.02), lit), below(canvas, line, rows), rows)


def _craters(canvas: Canvas, scene: Scene, rows: slice, lit: Array) -> Array:
    y, side = canvas.ys[rows, None], 1 if scene.sun[0] < 0 else -1
    for k in range(14):
        x0 = scene.noise.number(f"crater x{k}", -0.75, 0.75) * scene.recipe.span[0]
        t = scene.noise.number(f"crater y{k}", 0.05, 1.0) ** 1.4
        y0 = scene.horizon + (scene.bottom - scene.horizon) * t
        r = scene.noise.number(f"crater r{k}", 0.03, 0.13) * (0.25 + 0.8 * t)
        dx, dy = (canvas.xs[None, :] - x0) / r, (y - y0) / (r * (0.16 + 0.2 * t))
        d = np.hypot(dx, dy)
        bowl = smoothstep(1.0, 0.8, d) * np.clip(0.5 - 0.62 * dx * -side - 0.15 * dy, 0, 1)
        rim = np.exp(-(((d - 1.05) / 0.16) ** 2)) * np.clip(0.5 - 0.7 * dx * side, 0, 1)
        lit = np.clip(lit - 0.5 * bowl + 0.42 * rim, 0, 1)
    return lit


def _underwater(canvas: Canvas, scene: Scene) -> None:
    """Light from above, shafts of it, a floor with weeds and coral."""
    p, n, xs, ys = scene.palette, scene.noise, canvas.xs, canvas.ys
    span = scene.recipe.span[1]
    pair = [("0a2f52", "5cc8d8"), ("08324a", "6ad8c8"), ("0c2a5a", "6ab8ec")][n.choice("deep", 3)]
    dark, light = rgb(pair[0]), rgb(pair[1])
    if p.night > 0.6 or "dark" in scene.features.moods:
        dark, light = dark * np.float32(0.5), mix(light, dark, 0.5)
    if "water" in scene.features.elements:
        dark, light = mix(dark, p.water, 0.5), mix(light, p.water, 0.6)
    down = np.clip((ys + scene.bottom) / span, -0.3, 1.4)
    t = np.exp(-np.maximum(down, -0.2) * 1.9)[:, None] * (1 + 0.12 * n.field(xs, ys, 1.5, "murk", octaves=3))
    canvas.rgb[:] = between(dark, light, np.clip(t, 0, 1.1))
    slant = (xs[None, :] - scene.sun[0]) / (ys[:, None] + scene.bottom + np.float32(0.7))
    table = np.linspace(-3, 3, 1200, dtype=np.float32)
    rays = np.interp(slant, table, n.still.line(table, 7, "rays", 3, 0.6)).astype(np.float32)
    canvas.lay(
        mix(light, rgb("ffffff"), 0.5),
        smoothstep(0.0, 1.3, rays) * np.exp(-np.maximum(down, 0) * 2.2)[:, None] * np.float32(0.5),
    )
    caustic = 1 - np.abs(n.field(xs, ys, 6, "caustic", fy=14, octaves=2))
    canvas.lay(rgb("f0ffff"), smoothstep(0.72, 1.0, caustic) * np.clip(0.22 - down, 0, 1)[:, None] * np.float32(1.6))
    sand = mix(p.sand, light, 0.3)
    for k, (up, haze) in enumerate(((0.21, 0.7), (0.12, 0.35))):
        line = scene.bottom - up * span + 0.035 * n.line(xs, 1.7, f"bed {k}", 4)
        rows = canvas.rows(float(line.min()))
        if rows.stop <= rows.start:
            continue
        lit = relief(canvas, scene, rows, 6, f"bed {k}", fy=16, octaves=4)
        mid = mix(dark, light, 0.35)
        canvas.lay(
            between(mix(sand * np.float32(0.4), mid, haze), mix(sand, mid, haze), lit), below(canvas, line, rows), rows
        )
        _weeds(canvas, scene, k, scene.bottom - up * span, mid, haze)


def _weeds(canvas: Canvas, scene: Scene, k: int, foot: float, mid: Array, haze: float) -> None:
    codes = ("3f7a4c", "c05a6a", "d88a4a", "7a5aa0", "4a8a7a")
    for i in range(22):
        x0 = scene.noise.number(f"weed x{k}{i}", -0.95, 0.95) * scene.recipe.span[0]
        if abs(x0) < 0.12 * scene.recipe.span[0] and k:
            continue
        high = scene.noise.number(f"weed h{k}{i}", 0.06, 0.26) * (1 + 0.3 * k)
        rows = canvas.rows(foot - high, foot + 0.05)
        a = int(np.clip((x0 - 0.08 - canvas.view.left) * canvas.view.scale, 0, canvas.view.width))
        b = int(np.clip((x0 + 0.08 - canvas.view.left) * canvas.view.scale, 0, canvas.view.width))
        if rows.stop <= rows.start or a >= b:
            continue
        up = np.clip((foot + 0.04 - canvas.ys[rows]) / (high + 0.04), 0, 1)[:, None]
        middle = x0 + 0.03 * up * np.sin(up * 7 + i)
        half = 0.009 * (1.1 - up) * (1 + 0.6 * np.sin(up * 38 + i))
        mask = np.clip((half - np.abs(canvas.xs[None, a:b] - middle)) * canvas.view.scale + 0.5, 0, 1)
        paint = mix(rgb(codes[scene.noise.choice(f"weed c{k}{i}", 5)]), mid, haze * 0.8)
        region = canvas.rgb[:, rows, a:b]
        region += (colour(paint) * (0.6 + 0.5 * up)[None] - region) * mask.astype(np.float32)


def _interior(canvas: Canvas, scene: Scene) -> None:
    """A wall with a pool of light, and a table."""
    p, n, xs, ys = scene.palette, scene.noise, canvas.xs, canvas.ys
    walls = ("8a7a68", "6a7a80", "94705c", "5a6a5c", "b09a7c")
    wall = rgb(walls[n.choice("wall", 5)])
    if scene.features.tints:
        wall = mix(wall, p.accent, 0.45)
    dim = 0.42 if p.night > 0.6 or "dark" in scene.features.moods else 1.0
    texture = n.field(xs, ys, 2.2, "plaster", octaves=6, gain=0.6)
    d = np.hypot((xs[None, :] - scene.side * -0.28), (ys[:, None] + 0.22) * 1.1)
    pool = np.exp(-(d**2) * 3.2)
    warm = mix(wall, p.sun, 0.6)
    canvas.rgb[:] = between(
        wall * np.float32(0.34 * dim),
        mix(wall, warm, 0.6) * np.float32(dim),
        np.clip(0.25 + 0.85 * pool + 0.07 * texture, 0, 1.2),
    )
    edge = scene.bottom * 0.42
    rows = canvas.rows(edge)
    if rows.stop <= rows.start:
        return
    grain = n.field(xs, ys[rows], 1.6, "wood", fy=46, octaves=4)
    cloth = n.choice("cloth", 3) == 0
    tone = rgb(("d8cdb8", "7a4f33", "5c3d2a")[n.choice("cloth", 3)])
    down = np.clip((ys[rows] - edge) / 0.3, 0, 1)[:, None]
    lit = np.clip(
        0.5
        + 0.4 * np.exp(-(((xs[None, :] - scene.side * -0.12) / 0.5) ** 2))
        + (0.05 if cloth else 0.14) * grain
        - 0.25 * down,
        0,
        1,
    )
    line = np.full_like(xs, edge)
    canvas.lay(
        between(tone * np.float32(0.25 * dim), mix(tone, p.sun, 0.25) * np.float32(0.4 + 0.6 * dim), lit),
        below(canvas, line, rows),
        rows,
    )
    canvas.lay(
        tone * np.float32(0.25),
        np.exp(-(((ys[rows] - edge) / np.float32(0.006)) ** 2))[:, None] * np.ones_like(xs)[None] * np.float32(0.5),
        rows,
    )


def _pattern(canvas: Canvas, scene: Scene) -> None:
    """A ground of soft clouds of two colours and drifting lines; the subjects are scattered over it by the renderer."""
    p, n, xs, ys = scene.palette, scene.noise, canvas.xs, canvas.ys
    ground = {
        "sea": p.water,
        "coast": p.water,
        "lake": p.water,
        "underwater": p.water,
        "beach": p.sand,
        "desert": p.sand,
        "forest": mix(p.foliage, p.haze, 0.3),
        "meadow": mix(p.grass, p.haze, 0.4),
        "space": rgb("14183a"),
        "lunar": rgb("3a3a44"),
    }.get(scene.features.places[0] if scene.features.places else "", mix(p.sky[2], p.haze, 0.5))
    tone = n.field(xs, ys, 2.0, "ground", octaves=4)
    canvas.rgb[:] = between(ground * np.float32(0.8), mix(ground, p.sky[3], 0.35), np.clip(0.5 + 0.45 * tone, 0, 1))
    lines = np.abs(n.field(xs, ys, 3.0, "lines", octaves=2))
    canvas.lay(mix(ground, p.accent, 0.5), smoothstep(0.09, 0.0, np.abs(lines - 0.5)) * np.float32(0.4))
    canvas.lay(mix(ground, p.sky[3], 0.8), smoothstep(0.05, 0.0, np.abs(lines - 0.9)) * np.float32(0.5))

"""Land and water: what closes a view at the back, the ground, and what stands in front."""

import numpy as np

from bot.backends.painter.canvas import Canvas, blurred, colour
from bot.backends.painter.noise import Array, hashed, salted, smoothstep
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.scene import Scene, bank_top, cliff_top, roof_top
from bot.backends.painter.sky import gradient

SNOW = rgb("f3f7fb")


def below(canvas: Canvas, line: Array, rows: slice) -> Array:
    """A mask (rows, width): 1 under a line given at every x, with soft pixels along it."""
    return np.clip((canvas.ys[rows, None] - line[None, :]) * np.float32(canvas.view.scale) + np.float32(0.5), 0, 1)


def relief(
    canvas: Canvas, scene: Scene, rows: slice, frequency: float, name: str, fy: float | None = None, octaves: int = 5
) -> Array:
    """Light on rough ground, 0–1: noise differentiated along the light's direction."""
    n, ys = scene.noise.still, canvas.ys[rows]
    step = np.float32(0.012 * 8 / frequency) * (1 if scene.sun[0] > 0 else -1)
    here = n.field(canvas.xs, ys, frequency, name, fy=fy, octaves=octaves, gain=0.55)
    there = n.field(
        canvas.xs + step, ys - abs(step) * np.float32(0.6), frequency, name, fy=fy, octaves=octaves, gain=0.55
    )
    return np.clip(0.5 + (here - there) * np.float32(0.85), 0, 1)


def between(dark: Array, light: Array, t: Array) -> Array:
    """Planes (3, …) that run from one colour to another."""
    return colour(dark) + (colour(light) - colour(dark)) * t[None]


def ridge(
    canvas: Canvas,
    scene: Scene,
    line: Array,
    paint: Array,
    distance: float,
    name: str,
    rough: float = 6.0,
    snow: Array | None = None,
) -> None:
    """One range of hills or mountains under a line: lit relief, fading into haze at its foot."""
    p = scene.palette
    top = float(line.min())
    rows = canvas.rows(top - 2 / canvas.view.scale, scene.horizon + 0.03)
    if rows.stop <= rows.start:
        return
    mask = below(canvas, line, rows)
    light = relief(canvas, scene, rows, rough, name, octaves=4 if distance > 0.6 else 5)
    body = between(p.local(paint, 0.12, distance), p.local(paint, 0.95, distance), light)
    if snow is not None:
        depth = canvas.ys[rows, None] - line[None, :]
        white = smoothstep(0.02, -0.03, depth - snow[None, :] + 0.05 * (light - 0.5))
        body += (
            between(p.local(SNOW, 0.18, distance * 0.9), p.local(SNOW, 1.0, distance * 0.8), light) - body
        ) * white[None]
    foot = np.clip((canvas.ys[rows] - top) / max(scene.horizon - top, 0.02), 0, 1)[:, None] ** 2
    body += (colour(p.haze) - body) * (foot * np.float32(0.55 * (0.4 + distance)))[None]
    canvas.lay(body, mask, rows)


def paint_back(canvas: Canvas, scene: Scene) -> None:
    match scene.back:
        case "mountains":
            _mountains(canvas, scene)
        case "hills":
            _hills(canvas, scene)
        case "headlands":
            _headlands(canvas, scene)
        case "mesas":
            _mesas(canvas, scene)
        case "treeline":
            _treeline(canvas, scene)
        case "island":
            _island(canvas, scene)
        case _:
            pass


def _mountains(canvas: Canvas, scene: Scene) -> None:
    n, xs, span = scene.noise, canvas.xs, scene.recipe.span[1]
    cold = scene.shows("snow") and (scene.weather("snow") or scene.features.season != "summer")
    for k, (distance, high, f) in enumerate(((0.62, 0.42, 1.5), (0.3, 0.33, 2.1), (0.14, 0.13, 2.6))):
        peaks = crags(scene, xs, 0.42 / f, f"mount {k}") * np.float32(0.72) + np.float32(0.22) * n.line(
            xs, f, f"mass {k}", 2
        )
        rough = n.line(xs, f * 7, f"crag {k}", 4, 0.55) * np.float32(0.05)
        line = (scene.horizon + 0.02 - high * span * np.clip(peaks + rough + 0.12, 0.05, 1.3)).astype(np.float32)
        snow = None
        if cold and (k < 2 or scene.weather("snow")):
            share = 0.6 if scene.weather("snow") else 0.26
            snow = np.clip(scene.horizon - line, 0, 1) * share - (0.0 if scene.weather("snow") else 0.03)
        ridge(
            canvas,
            scene,
            line,
            scene.palette.rock if k < 2 else mix(scene.palette.rock, scene.palette.foliage, 0.6),
            distance,
            f"rock {k}",
            5.0,
            snow,
        )
        if k == 0:
            mist(canvas, scene, scene.horizon - 0.05, 0.05, 0.45)


def crags(scene: Scene, xs: Array, cell: float, name: str) -> Array:
    """The outline of a range, 0–1: in each cell of a line a peak with straight flanks, the highest counts."""
    base = np.floor(xs / cell).astype(np.int64)

    def peaks(seed: int) -> Array:
        total = np.zeros_like(xs)
        for k in (-2, -1, 0, 1, 2):
            h, place, steep = (hashed(base + k, base * 0 + q, seed ^ salted(name)) for q in (0, 1, 2))
            away = np.abs(xs / cell - (base + k + 0.15 + 0.7 * place))
            total = np.maximum(total, (0.45 + 0.55 * h) * (1 - away * (0.5 + 0.3 * steep)))
        return np.clip(total, 0, 1).astype(np.float32)

    return scene.noise.outlined(xs, peaks)


def mist(canvas: Canvas, scene: Scene, y: float, thick: float, strength: float) -> None:
    rows = canvas.rows(y - thick * 2.5, y + thick * 2.5)
    if rows.stop > rows.start and scene.shows("fog"):
        band = np.exp(-(((canvas.ys[rows] - y) / np.float32(thick)) ** 2))[:, None]
        n = scene.noise.field(canvas.xs, canvas.ys[rows], 2.2, f"mist {y:.2f}", fy=7, octaves=3)
        canvas.lay(scene.palette.haze, np.clip(0.6 + 0.5 * n, 0, 1) * band * np.float32(strength), rows)


def _hills(canvas: Canvas, scene: Scene) -> None:
    n, xs = scene.noise, canvas.xs
    for k, (distance, high, f) in enumerate(((0.75, 0.15, 1.0), (0.5, 0.1, 1.3), (0.28, 0.06, 1.6))):
        line = scene.horizon + 0.025 - high * np.clip(0.6 + 0.55 * n.line(xs, f, f"hill {k}", 3, 0.35), 0.05, 2)
        trees = (
            0.006
            * np.abs(n.line(xs, 42, f"wood {k}", 3, 0.7))
            * smoothstep(0.0, 0.5, n.line(xs, 3, f"wooded {k}", 2))
            * (k > 0)
            * scene.shows("tree")
        )
        ridge(
            canvas,
            scene,
            line - trees * (1 + k),
            mix(scene.palette.grass, scene.palette.foliage, 0.35 + 0.2 * (k == 1)),
            distance,
            f"hill {k}",
            4.0,
        )


def _headlands(canvas: Canvas, scene: Scene) -> None:
    n, xs = scene.noise, canvas.xs
    for k, (distance, high) in enumerate(((0.85, 0.075), (0.68, 0.05))):
        reach = smoothstep(
            -0.15, 0.35, scene.side * -xs * (1 if k else -0.6) + 0.16 * n.line(xs, 1.2, f"reach {k}", 3) - 0.06
        )
        line = scene.horizon + 0.004 - high * reach * (0.75 + 0.35 * n.line(xs, 2.6, f"head {k}", 4))
        ridge(canvas, scene, line, scene.palette.rock, distance, f"head {k}", 9.0)


def _mesas(canvas: Canvas, scene: Scene) -> None:
    n, xs = scene.noise, canvas.xs
    for k, distance in enumerate((0.78, 0.55)):
        raw = n.line(xs, 1.5 + k, f"mesa {k}", 3, 0.4)
        flat = smoothstep(0.1, 0.24, raw) * 0.09 + smoothstep(0.5, 0.62, raw) * 0.06
        line = scene.horizon + 0.012 - flat * (1 - 0.25 * k) - 0.006 * n.line(xs, 14, "rim", 2)
        ridge(canvas, scene, line, mix(scene.palette.sand, rgb("a8553a"), 0.55), distance, f"mesa {k}", 8.0)


def _treeline(canvas: Canvas, scene: Scene) -> None:
    n, xs = scene.noise, canvas.xs
    for k, (distance, high) in enumerate(((0.82, 0.34), (0.66, 0.27), (0.48, 0.19))):
        line = (
            scene.horizon
            + 0.02
            - high * (0.75 + 0.2 * n.line(xs, 2.4, f"trees {k}", 2))
            - spikes(scene, xs, 0.045 + 0.012 * k, f"pine {k}", 0.11)
        )
        ridge(canvas, scene, line.astype(np.float32), scene.palette.foliage, distance, f"tree {k}", 16.0)
        mist(canvas, scene, scene.horizon - 0.02, 0.07, 0.35)


def spikes(scene: Scene, xs: Array, cell: float, name: str, high: float) -> Array:
    """The outline of a row of conifers: one pointed crown in each cell."""
    total = np.zeros_like(xs)
    for k in (0.0, 0.5):
        u = xs / cell + k
        whole = np.floor(u).astype(np.int64)
        h = scene.noise.cells(whole, whole * 0 + int(k * 2), salted(name), (whole - k + 0.5) * cell)
        within = 1 - np.abs((u - whole) * 2 - 1)
        total = np.maximum(total, within * (0.35 + 0.65 * h) * high)
    return total.astype(np.float32)


def _island(canvas: Canvas, scene: Scene) -> None:
    xs = canvas.xs
    hump = np.exp(-((xs / 0.23) ** 2)) * 0.1 + np.exp(-(((xs - scene.side * 0.09) / 0.07) ** 2)) * 0.05
    line = scene.horizon + 0.035 - hump * (0.85 + 0.2 * scene.noise.line(xs, 7, "isle", 4))
    ridge(
        canvas, scene, line.astype(np.float32), mix(scene.palette.rock, scene.palette.foliage, 0.55), 0.22, "isle", 12.0
    )


# --- the ground -------------------------------------------------------------------------------------------------------------------


def paint_ground(canvas: Canvas, scene: Scene) -> None:
    rows = canvas.rows(scene.horizon)
    if rows.stop <= rows.start:
        return
    p = scene.palette
    match scene.ground:
        case "water":
            paint_water(canvas, scene, p.water, 1.0)
        case "street":
            _plane(canvas, scene, mix(rgb("6a6a70"), p.haze, 0.2), rgb("4a4a52"), 5.0)
            paint_water(canvas, scene, rgb("2c2e36"), 0.8 if scene.weather("rain") or p.night > 0.8 else 0.3, long=5.0)
        case "":
            pass
        case "dunes":
            _dunes(canvas, scene)
        case "cloudsea":
            _cloudsea(canvas, scene)
        case "floor":
            bare = 0.0 if scene.weather("snow") else 0.25
            _plane(
                canvas,
                scene,
                mix(p.grass, rgb("7a6a4a"), bare),
                mix(p.grass if scene.weather("snow") else p.foliage, rgb("5a5a5a"), 0.3),
                9.0,
            )
        case _:
            _plane(canvas, scene, p.grass, mix(p.grass, p.foliage, 0.15 if scene.weather("snow") else 0.5), 6.0)


def depth_of(canvas: Canvas, scene: Scene, rows: slice) -> Array:
    """How far each row of the ground is: a coordinate that stretches towards the horizon, as perspective has it."""
    t = np.maximum(canvas.ys[rows] - scene.horizon, 0)
    return (-np.log(t + np.float32(0.035))).astype(np.float32)


def _plane(canvas: Canvas, scene: Scene, light: Array, dark: Array, frequency: float) -> None:
    """Level ground: patches of two colours and a finer grain, fading into the distance."""
    p, rows = scene.palette, canvas.rows(scene.horizon)
    depth = depth_of(canvas, scene, rows)
    patches = scene.noise.field(canvas.xs, depth, 1.6, "patches", fy=2.2, octaves=4, heights=canvas.ys[rows])
    grain = scene.noise.field(canvas.xs, depth, frequency * 7, "grain", fy=frequency * 2.5, octaves=3)
    t = np.clip(0.55 + 0.36 * patches + 0.2 * grain, 0, 1)
    body = between(p.local(dark, 0.3), p.local(light, 0.9), t)
    near = np.clip((canvas.ys[rows] - scene.horizon) / max(scene.bottom - scene.horizon, 0.1), 0, 1)[:, None]
    body *= (1.0 - 0.28 * near * near)[None]
    body += (colour(p.haze) - body) * (np.exp(-near * 7) * np.float32(0.75))[None]
    edge = scene.horizon + 0.004 + 0.006 * scene.noise.line(canvas.xs, 5, "ground edge", 3)
    canvas.lay(body, below(canvas, edge, rows), rows)


def _dunes(canvas: Canvas, scene: Scene) -> None:
    """Crests one behind the other, each with a bright and a dark flank."""
    p, n, xs = scene.palette, scene.noise, canvas.xs
    floor = max(scene.bottom - scene.horizon, 0.2)
    layers = 7 if canvas.view.top + canvas.view.height / canvas.view.scale < scene.bottom * 1.3 else 11
    for k in range(layers):
        t = (k / 6) ** 1.5
        base = scene.horizon + floor * (0.02 + 0.8 * t)
        wave = n.line(xs, 1.9 / (0.55 + t), f"dune {k}", 2, 0.3)
        line = base - (0.02 + 0.1 * t) * wave
        rows = canvas.rows(float(line.min()) - 0.01)
        if rows.stop <= rows.start:
            continue
        slope = np.gradient(line, xs) * (1 if scene.sun[0] > 0 else -1)
        drop = np.maximum(canvas.ys[rows, None] - line[None, :], 0)
        flank = smoothstep(-0.12, 0.12, slope[None, :]) * np.exp(-drop * np.float32(5 / (0.4 + t)))
        ripple = n.field(xs, canvas.ys[rows] * 1.0, 14, f"ripple {k}", fy=60 / (0.5 + t), octaves=2) * np.float32(0.05)
        lit = np.clip(0.62 + 0.36 * (np.exp(-drop * 14)) - 0.62 * flank + ripple, 0, 1)
        haze = 0.6 * (1 - t) ** 2
        canvas.lay(
            between(p.local(mix(p.sand, rgb("9a5a3a"), 0.3), 0.1, haze), p.local(p.sand, 1.0, haze), lit),
            below(canvas, line, rows),
            rows,
        )


def _cloudsea(canvas: Canvas, scene: Scene) -> None:
    p = scene.palette
    for k in range(5):
        t = k / 4
        base = scene.horizon + (scene.bottom - scene.horizon) * (0.02 + 0.8 * t * t)
        puff = np.abs(scene.noise.line(canvas.xs, 3.2 / (0.4 + t), f"sea of clouds {k}", 5, 0.55))
        line = base - (0.03 + 0.09 * t) * puff
        rows = canvas.rows(float(line.min()) - 0.01)
        if rows.stop <= rows.start:
            continue
        drop = np.maximum(canvas.ys[rows, None] - line[None, :], 0)
        light = relief(canvas, scene, rows, 5 / (0.5 + t), f"puff {k}", octaves=4)
        lit = np.clip(0.25 + 0.6 * np.exp(-drop * 9) + 0.7 * (light - 0.5), 0, 1)
        canvas.lay(
            between(mix(p.cloud_shade, p.haze, 0.5 - 0.4 * t), mix(p.cloud_light, p.haze, 0.4 - 0.4 * t), lit),
            below(canvas, line, rows),
            rows,
        )


def paint_water(canvas: Canvas, scene: Scene, local: Array, strength: float, long: float = 1.0) -> None:
    """Water under the horizon: what stands above it mirrored and broken by waves, its own colour, glitter under the sun. `strength` below 1
    is a wet street, `long` stretches the reflections."""
    p, n, rows = scene.palette, scene.noise, canvas.rows(scene.horizon)
    height, width = rows.stop - rows.start, canvas.view.width
    ys = canvas.ys[rows]
    t = np.maximum(ys - scene.horizon, 0)
    depth = depth_of(canvas, scene, rows)
    rough = (
        0.4 if "calm" in scene.features.moods or scene.back == "mountains" else 1.7 if scene.weather("storm") else 1.0
    )
    waves = n.field(canvas.xs, depth, 5.0, "waves", fy=24, octaves=4, gain=0.62)
    swell = n.field(canvas.xs, depth, 1.6, "swell", fy=9, octaves=2)
    reach = (t * 0.4 + 0.006)[:, None] * np.float32(rough * canvas.view.scale)
    up = (scene.horizon - t * (1.0 + 0.3 * long) - canvas.view.top) * canvas.view.scale
    source_y = np.clip(
        up[:, None] + (waves + 0.6 * swell) * reach * np.float32(0.9 * long), -1, rows.start - 1 if rows.start else 0
    ).astype(np.int32)
    source_x = np.clip(np.arange(width)[None, :] + waves * reach * np.float32(0.22), 0, width - 1).astype(np.int32)
    sky = gradient(scene, np.minimum(t, scene.bottom - scene.horizon) * 1.3)[:, :, None]
    if rows.start > 8:
        mirrored = canvas.rgb[:, np.maximum(source_y, 0), source_x]
        outside = (source_y < 0)[None]
        body = np.where(outside, sky, mirrored)
        if long > 1:
            body = blurred(body, 0.012 * canvas.view.scale)
    else:
        body = np.broadcast_to(sky, (3, height, width)).copy()
    canvas.check()
    near = np.clip(t / max(scene.bottom - scene.horizon, 0.1), 0, 1)[:, None]
    own = colour(p.local(local, 0.42)) * (1 - 0.3 * near)[None]
    body += (own - body) * (np.float32(0.22) + np.float32(0.42) * near * (0.8 + 0.35 * np.clip(waves, -1, 1)))[None]
    body *= (
        1 + np.float32(0.11 * rough) * np.clip(waves + swell * 0.6, -1.4, 1.4)[None] * np.clip(near * 5, 0.25, 1)[None]
    )
    if not {"rain", "storm", "fog"} & set(scene.features.weather) and strength == 1:
        spread = np.float32(0.03) + 0.3 * t[:, None]
        path = np.exp(-(((canvas.xs[None, :] - scene.sun[0]) / spread) ** 2))
        glint = (
            smoothstep(0.25, 1.0, waves + 0.35 * swell)
            * path
            * np.float32(0.85 if p.sun_height < 0.3 or p.night > 0.6 else 0.4)
        )
        body += (colour(mix(p.sun, rgb("ffffff"), 0.15)) - body) * glint[None]
    if rough >= 1 and strength == 1:
        foam = smoothstep(1.15, 1.7, waves + swell * 0.5) * np.clip(near * 2.2, 0, 1) * np.float32(0.5 * rough)
        body += (colour(p.local(rgb("f2f6f4"), 0.8)) - body) * foam[None]
    canvas.lay(body, np.full((height, 1), strength, np.float32), rows)


# --- in front ---------------------------------------------------------------------------------------------------------------------


def paint_front(canvas: Canvas, scene: Scene) -> None:
    match scene.front:
        case "cliff":
            _cliff(canvas, scene)
        case "bank" | "sand":
            _bank(canvas, scene)
        case "roof":
            _roof(canvas, scene)
        case _:
            pass


def _cliff(canvas: Canvas, scene: Scene) -> None:
    p, n, xs = scene.palette, scene.noise, canvas.xs
    top = cliff_top(scene, xs)
    rows = canvas.rows(float(top.min()) - 0.01)
    if rows.stop <= rows.start:
        return
    y = canvas.ys[rows, None]
    mask = below(canvas, top, rows)
    light = relief(canvas, scene, rows, 7.5, "cliff", fy=4.0, octaves=6)
    strata = n.field(xs, canvas.ys[rows], 3.0, "strata", fy=34, octaves=3) * np.float32(0.12)
    drop = np.clip((y - top[None, :]) / 0.3, 0, 1)
    toward = 0.16 if scene.sun[0] * scene.side < 0 else -0.05
    lit = np.clip((light - 0.5) * 2.1 + 0.52 + strata + toward - 0.3 * drop, 0, 1)
    body = between(p.local(p.rock, 0.02), p.local(p.rock, 1.0), lit)
    turf = (top < scene.horizon + 0.03)[None, :] * smoothstep(
        0.045, 0.0, y - top[None, :] - 0.024 * n.line(xs, 9, "turf", 4)[None, :] + 0.02 * (light - 0.5)
    )
    body += (between(p.local(p.grass, 0.15), p.local(p.grass, 1.0), np.clip(light + toward, 0, 1)) - body) * turf[None]
    shore = smoothstep(scene.horizon + 0.02, scene.horizon + 0.05, top)[None, :]
    body *= 1 - 0.4 * (smoothstep(0.06, 0.0, y - top[None, :]) * shore)[None]
    canvas.lay(body, mask, rows)
    # the surf keeps the breadth of a line, and ends below the first view: wider, it would be a smudge along the foot
    thick = (0.008 + 0.05 * np.clip(top - scene.horizon, 0, 0.2))[None, :]
    surf = np.exp(-(((y - top[None, :] + 0.6 * thick) / thick) ** 2)) * shore
    break_up = smoothstep(-0.4, 0.8, n.field(xs, canvas.ys[rows], 16, "surf", fy=40, octaves=3))
    surf *= smoothstep(scene.bottom + 0.22, scene.bottom - 0.02, y)
    canvas.lay(p.local(rgb("f4f7f6"), 0.85), surf * break_up * np.float32(0.8), rows)


def _bank(canvas: Canvas, scene: Scene) -> None:
    p, n, xs = scene.palette, scene.noise, canvas.xs
    line = bank_top(scene, xs)
    rows = canvas.rows(float(line.min()) - 0.06)
    if rows.stop <= rows.start:
        return
    y = canvas.ys[rows, None]
    sand = scene.front == "sand"
    light, dark = (p.sand, mix(p.sand, rgb("8a6a48"), 0.4)) if sand else (p.grass, mix(p.grass, p.foliage, 0.6))
    grain = n.field(xs, canvas.ys[rows], 60, "bank grain", fy=26, octaves=3)
    patches = n.field(xs, canvas.ys[rows], 4, "bank", octaves=3)
    lit = np.clip(0.6 + 0.22 * patches + 0.16 * grain - 0.3 * np.clip((y - line[None, :]) / 0.5, 0, 1), 0, 1)
    body = between(p.local(dark, 0.2), p.local(light, 0.95), lit)
    if sand:
        body *= 1 - 0.28 * smoothstep(0.05, 0.0, y - line[None, :])[None]
        wash = np.exp(-(((y - line[None, :] + 0.012 * n.line(xs, 6, "wash", 3)[None, :]) / 0.008) ** 2))
        canvas.lay(body, below(canvas, line, rows), rows)
        canvas.lay(rgb("f6f8f6") * p.light, np.clip(wash, 0, 1) * np.float32(0.8), rows)
        return
    blades = spikes(scene, xs, 0.006, "reeds", 0.02) + spikes(scene, xs, 0.017, "reeds 2", 0.035) * smoothstep(
        0.1, 0.5, n.line(xs, 4, "reed", 2)
    )
    canvas.lay(body, below(canvas, line - blades, rows), rows)


def _roof(canvas: Canvas, scene: Scene) -> None:
    """Rows of tiles on a gable in front of the town."""
    p, xs = scene.palette, canvas.xs
    line = roof_top(scene, xs)
    rows = canvas.rows(float(line.min()) - 0.02)
    if rows.stop <= rows.start:
        return
    y = canvas.ys[rows, None]
    drop = y - line[None, :]
    row = np.floor(drop / 0.04)
    across = xs[None, :] / 0.05 + 0.5 * (row % 2)
    column = np.floor(across)
    tone = hashed(column.astype(np.int64), row.astype(np.int64), scene.recipe.seed ^ 5)
    curve = 1 - np.abs((across - column) * 2 - 1)
    inside = drop / 0.04 - row
    lit = np.clip(0.3 + 0.35 * tone + 0.35 * np.sqrt(curve) - 0.5 * (inside > 0.8), 0, 1)
    tiles = mix(rgb("b0533a"), p.accent, 0.15)
    body = between(p.local(tiles, 0.0), p.local(tiles, 0.95), lit)
    if scene.weather("snow"):
        body += (colour(p.local(SNOW, 0.8)) - body) * np.float32(0.75)
    canvas.lay(body, below(canvas, line, rows), rows)
    cap = np.clip((0.011 - np.abs(drop - 0.004)) * canvas.view.scale + 0.5, 0, 1)
    canvas.lay(p.local(mix(tiles, rgb("3a2420"), 0.3), 0.8), cap, rows)

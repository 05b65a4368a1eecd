"""Manners of painting: each turns a smooth picture into strokes, washes, lines or blocks, in world coordinates."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.backends.painter.canvas import View, blurred, colour, from_image, to_image
from bot.backends.painter.noise import Array, Noise, counted, hashed, salted, smoothstep
from bot.backends.painter.palette import LUMA, rgb

Check = Callable[[], None]
GRID_SCALE = 256  # cells a unit of the grid on which strokes are laid out


@dataclass(frozen=True, slots=True)
class Manner:
    """How to paint: `name` of the style, `amount` 0–1 of it, over which window, with whose chance."""

    name: str
    amount: float
    view: View
    noise: Noise
    check: Check
    #: Mean and spread of lightness that drawings are exposed for; None for those of the picture itself.
    exposure: tuple[float, float] | None = None

    def field(self, frequency: float, name: str, octaves: int = 3, fy: float | None = None) -> Array:
        return self.noise.field(self.view.xs, self.view.ys, frequency, name, fy=fy, octaves=octaves, gain=0.6)


def apply(planes: Array, manner: Manner) -> Array:
    """The picture in this manner; of the same shape. A picture that tiles is painted with a margin of itself around it."""
    style = STYLES.get(manner.name, oil)
    if manner.noise.period is None:
        return np.clip(style(planes, manner), 0, 1)
    view, margin = manner.view, 48
    wide = View(
        view.left - margin / view.scale,
        view.top - margin / view.scale,
        view.scale,
        view.width + 2 * margin,
        view.height + 2 * margin,
    )
    padded = np.pad(planes, ((0, 0), (margin, margin), (margin, margin)), mode="wrap")
    painted = np.clip(style(padded, replace(manner, view=wide)), 0, 1)
    return painted[:, margin:-margin, margin:-margin]


def grey(planes: Array) -> Array:
    return np.tensordot(LUMA, planes, axes=1)


def saturated(planes: Array, amount: float) -> Array:
    tone = grey(planes)[None]
    return tone + (planes - tone) * np.float32(amount)


# --- strokes ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brush:
    """One layer of strokes: `across` strokes in a unit, their length and width in cells, jitter of colour, and whether only on detail."""

    across: float
    length: float
    width: float
    jitter: float
    detail: bool = False


def coarse(view: View) -> int:
    """Pixels of a picture in one of the grid on which strokes are laid out: 4 up to the usual size, more in larger pictures."""
    return max(round(view.scale / GRID_SCALE), 4)


def _shrunk(planes: Array, step: int) -> Array:
    """Every 4th pixel, of a larger picture the means of its own pixels first."""
    finer = step // 4
    if finer < 2:
        return planes[:, ::step, ::step]
    h, w = (-(-n // step) for n in planes.shape[1:])
    padded = np.pad(planes, ((0, 0), (0, h * step - planes.shape[1]), (0, w * step - planes.shape[2])), mode="edge")
    picked = [padded[:, j::step, i::step] for j in range(finer) for i in range(finer)]
    return np.asarray(np.mean(picked, axis=0), np.float32)


def _spread(grid: Array, shape: tuple[int, ...], step: int) -> Array:
    """A grid's values for every pixel."""
    return np.repeat(np.repeat(grid, step, axis=0), step, axis=1)[: shape[0], : shape[1]]


def flow(planes: Array, manner: Manner) -> tuple[Array, Array]:
    """The direction of strokes on a coarse grid, along the edges where there are any, and how much detail there is. The grid has the same
    cells of the world whatever the picture's size, so that a larger picture is painted in the same strokes."""
    view = manner.view
    step = coarse(view)
    tone = grey(_shrunk(planes, step))
    soft = blurred(tone, 2)
    gy, gx = np.gradient(soft)
    xx, yy, xy = blurred(gx * gx, 3), blurred(gy * gy, 3), blurred(gx * gy, 3)
    edge = np.sqrt(xx + yy)
    wander = manner.noise.field(view.xs[::step], view.ys[::step], 1.8, "flow", octaves=2, gain=0.6) * np.float32(0.9)
    along = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(math.pi / 2)
    trust = smoothstep(0.004, 0.03, edge)
    angle = wander * (1 - trust) + np.where(np.cos(along - wander) < 0, along + np.float32(math.pi), along) * trust
    return angle, smoothstep(0.008, 0.035, np.abs(tone - blurred(tone, 1)) + edge * 0.7)


def strokes(planes: Array, manner: Manner, brushes: tuple[Brush, ...]) -> tuple[Array, Array, Array]:
    """The picture in brush strokes, the thickness of the paint, and where there is detail (on the coarse grid)."""
    angle, detail = flow(planes, manner)
    base = (np.clip(planes, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(np.dstack([base, np.full(base.shape[:2], 128, np.uint8)]), "RGBA")
    draw = ImageDraw.Draw(image)
    for order, brush in enumerate(brushes):
        manner.check()
        _layer(draw, planes, manner, brush, angle, detail, f"brush {order}")
    pixels = np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)
    return pixels[:3], pixels[3], detail


def _layer(
    draw: ImageDraw.ImageDraw, planes: Array, manner: Manner, brush: Brush, angle: Array, detail: Array, name: str
) -> None:
    view, noise = manner.view, manner.noise
    across = min(brush.across, view.scale / 4)
    nx = ny = 0
    cx = cy = 1 / across
    if noise.period is not None:
        nx, ny = max(round(noise.period[0] * across), 1), max(round(noise.period[1] * across), 1)
        cx, cy = noise.period[0] / nx, noise.period[1] / ny
    ix = np.arange(math.floor(view.left / cx) - 1, math.ceil((view.left + view.width / view.scale) / cx) + 1)
    iy = np.arange(math.floor(view.top / cy) - 1, math.ceil((view.top + view.height / view.scale) / cy) + 1)
    gx, gy = (a.ravel() for a in np.meshgrid(ix, iy))
    hx, hy = (gx % nx, gy % ny) if nx else (gx, gy)
    seed = noise.seed ^ salted(name)
    h = [hashed(hx, hy, seed ^ (q * 7717)) for q in range(6)]
    px, py = ((gx + h[0]) * cx - view.left) * view.scale, ((gy + h[1]) * cy - view.top) * view.scale
    sx, sy = np.clip(px, 0, view.width - 1).astype(int), np.clip(py, 0, view.height - 1).astype(int)
    step = coarse(view)
    qx, qy = np.minimum(sx // step, angle.shape[1] - 1), np.minimum(sy // step, angle.shape[0] - 1)
    local = detail[qy, qx]
    keep = (local > 0.25 + 0.5 * h[5]) if brush.detail else (local < 0.55 + 0.4 * h[5])
    order = np.argsort(h[2][keep], kind="stable")
    pick = np.nonzero(keep)[0][order]
    turn = angle[qy, qx][pick] + (h[3][pick] - 0.5) * 0.5
    size = cx * view.scale * (0.75 + 0.5 * h[4][pick])
    paint = planes[:, sy[pick], sx[pick]] * (1 + brush.jitter * (h[5][pick] - 0.5)) + brush.jitter * 0.22 * (
        np.stack([h[3], h[4], h[2]])[:, pick] - 0.5
    )
    code = (np.clip(paint, 0, 1) * 255).astype(np.uint8)
    points = _shapes(px[pick], py[pick], turn, size * brush.length, size * brush.width)
    inks = np.vstack([code, (h[3][pick] * 255).astype(np.uint8)[None]]).T.tolist()
    for shape, ink in zip(points.tolist(), inks, strict=True):
        draw.polygon(shape, fill=tuple(ink))


def _shapes(x: Array, y: Array, turn: Array, length: Array, width: Array) -> Array:
    """Bent strokes with tapered ends: (n, 16), x and y of eight corners each."""
    u = np.array([-1, -0.7, 0, 0.72, 1, 0.68, 0, -0.74], np.float32)
    v = np.array([0.1, 0.8, 1.0, 0.7, -0.1, -0.85, -1.0, -0.75], np.float32)
    bend = (u * u)[None] * (width * 0.5)[:, None]
    along, over = u[None] * length[:, None] / 2, v[None] * width[:, None] / 2 + bend
    c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
    return np.stack([x[:, None] + along * c - over * s, y[:, None] + along * s + over * c], axis=2).reshape(len(x), 16)


def thick(planes: Array, height: Array, strength: float, scale: float) -> Array:
    """Light raking over the thickness of the paint."""
    soft = blurred(height, max(scale / 900, 1))
    slope = np.zeros_like(soft)
    slope[1:, 1:] = soft[1:, 1:] - soft[:-1, :-1]
    return planes * (1 + np.clip(slope, -0.3, 0.3) * np.float32(strength))[None]


def oil(planes: Array, m: Manner) -> Array:
    brushes = (Brush(44, 2.6, 1.15, 0.05), Brush(78, 2.7, 1.0, 0.08), Brush(130, 2.4, 0.9, 0.05, True))
    painted, height, detail = strokes(planes, m, brushes)
    keep = _spread(blurred(detail, 2), planes.shape[1:], coarse(m.view)) * np.float32(0.68)
    full = 0.35 + 0.65 * min(m.amount * 1.6, 1)
    mixed = planes + (painted - planes) * (np.float32(full) * (1 - keep))[None]
    weave = m.field(210, "weave", 1, fy=210) * np.float32(0.012)
    return thick(saturated(mixed, 1.06 + 0.16 * m.amount), height, 0.3 * full, m.view.scale) + weave[None]


def impressionist(planes: Array, m: Manner) -> Array:
    vivid = saturated(planes, 1.25 + 0.3 * m.amount)
    brushes = (
        Brush(40, 2.4, 1.2, 0.22),
        Brush(62, 2.1, 0.8, 0.26),
        Brush(90, 2.0, 0.75, 0.16, True),
        Brush(150, 1.9, 0.8, 0.06, True),
    )
    painted, height, _ = strokes(vivid, m, brushes)
    return thick(painted * 0.88 + vivid * np.float32(0.12), height, 0.34, m.view.scale)


def watercolour(planes: Array, m: Manner) -> Array:
    """Washes with wandering, darker edges on grained paper."""
    s = m.view.scale
    wob = np.float32(0.006 * s)
    dx, dy = m.field(9, "bleed x") * wob, m.field(9, "bleed y") * wob
    h, w = planes.shape[1:]
    rows: Array = np.clip(counted(h)[:, None] + dy, 0, h - 1).astype(np.int32)
    cols: Array = np.clip(counted(w)[None, :] + dx, 0, w - 1).astype(np.int32)
    wet = planes[:, rows, cols]
    m.check()
    wash = blurred(wet, 0.0035 * s)
    body = wash * np.float32(0.72) + wet * np.float32(0.28)
    tone = grey(wash)
    edges = np.clip(blurred(tone, 0.006 * s) - tone, -0.02, 0.12)
    pool = m.field(2.6, "pool", 4) * np.float32(0.085)
    grain = m.field(190, "paper", 2) * np.float32(0.035) + m.field(70, "paper 2", 2) * np.float32(0.02)
    density = np.clip(0.86 - pool - grain + edges * 3.2, 0.4, 1.25)
    pigment = (1 - saturated(body, 1.28)) * density[None]
    paper = colour(rgb("fdfaf1"))
    return paper * (1 - np.clip(pigment, 0, 1) * np.float32(0.96))


def lines(tone: Array, scale: float, fine: float = 1.0) -> Array:
    """Dark lines along edges, 0–1 (difference of two blurs)."""
    near, far = blurred(tone, max(scale / 1000 * fine, 1)), blurred(tone, max(scale / 330 * fine, 2))
    return smoothstep(0.008, 0.045, far - near)


def hatching(m: Manner, tone: Array) -> Array:
    """Three sheets of strokes, each in darker parts than the last."""
    x, y = m.view.xs[None, :], m.view.ys[:, None]
    wave = m.field(5, "hand", 2) * np.float32(0.006)
    total = np.zeros_like(tone)
    for k, (angle, limit) in enumerate(((0.7, 0.5), (-0.75, 0.3), (0.1, 0.16))):
        place = (x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle)) + wave) * np.float32(
            min(92, m.view.scale / 7)
        )
        wedge = np.abs(place - np.floor(place) - 0.5) * 2
        depth = np.clip((limit - tone) * 3.2, 0, 0.8)
        total = np.maximum(
            total, smoothstep(0.18, -0.12, wedge - depth) * np.float32(0.92 - 0.1 * k) * np.clip(depth * 9, 0, 1)
        )
    return total


def exposed(tone: Array, m: Manner, middle: float, spread: float) -> Array:
    """Lightness with its mean brought to `middle` and its spread to `spread`, so that dark scenes can be drawn too."""
    mean, wide = m.exposure or (float(tone.mean()), float(tone.std()))
    return np.clip(middle + (tone - np.float32(mean)) * np.float32(spread / max(wide, 0.08)), 0.02, 1)


def ink(planes: Array, m: Manner) -> Array:
    tone = grey(planes)
    even = exposed(tone, m, 0.6, 0.19)
    keys = np.maximum.reduce([lines(plane, m.view.scale, 0.8) for plane in (tone, planes[0], planes[2])])
    dark = np.maximum(hatching(m, blurred(even, 0.004 * m.view.scale)), keys)
    dark = np.maximum(dark, smoothstep(0.1, 0.04, even))
    paper = colour(rgb("f6efdf")) * (1 + m.field(120, "paper", 2) * np.float32(0.012))[None]
    wash = paper * (1 - (1 - blurred(planes, 0.004 * m.view.scale)) * np.float32(0.16))
    return wash + (colour(rgb("1c1a22")) - wash) * dark[None]


def pencil(planes: Array, m: Manner) -> Array:
    tone = grey(planes)
    even = exposed(tone, m, 0.62, 0.22)
    grain = m.field(230, "tooth", 1) * np.float32(0.5) + m.field(60, "tooth 2", 2, fy=150) * np.float32(0.22)
    shade = np.clip((1 - even) * (0.95 + grain) + 0.25 * hatching(m, even), 0, 0.9)
    dark = np.maximum(shade, lines(tone, m.view.scale) * np.float32(0.85))
    paper = colour(rgb("f4f1ea"))
    return paper + (colour(rgb("2e2c30")) - paper) * dark[None]


# --- blocks -----------------------------------------------------------------------------------------------------------------------


def pixel(planes: Array, m: Manner) -> Array:
    """Blocks that lie on the world's grid, in a small palette."""
    block = max(round(m.view.scale / 116), 2)
    if m.noise.period is not None:  # whole blocks in a period
        sides = [round(side * m.view.scale) for side in m.noise.period]
        block = next(b for b in range(block, 0, -1) if all(side % b == 0 for side in sides))
    ox, oy = (round(-c * m.view.scale) % block for c in (m.view.left, m.view.top))
    image = to_image(saturated(planes, 1.22))
    width, height = image.size
    across, down = math.ceil((width + block) / block), math.ceil((height + block) / block)
    wide = Image.new("RGB", (across * block, down * block))
    padded = np.pad(
        np.asarray(image),
        ((block - oy, down * block - height - block + oy), (block - ox, across * block - width - block + ox), (0, 0)),
        mode="edge",
    )
    wide = Image.fromarray(padded, "RGB").reduce(block).filter(ImageFilter.UnsharpMask(1, 70, 1))
    small = wide.quantize(40, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    big = small.resize((across * block, down * block), Image.Resampling.NEAREST)
    return from_image(big.crop((block - ox, block - oy, block - ox + width, block - oy + height)))


def reduced(planes: Array, colours: int, scale: float) -> Array:
    """Few flat colours with calm outlines."""
    image = to_image(planes)
    half = max(round(scale / 512), 1)
    small = image.reduce(half).filter(ImageFilter.MedianFilter(5))
    flat_image = (
        small.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        .convert("RGB")
        .filter(ImageFilter.ModeFilter(5))
    )
    return from_image(flat_image.resize(image.size, Image.Resampling.BICUBIC))


def flat(planes: Array, m: Manner) -> Array:
    body = reduced(saturated(planes, 1.15), 22, m.view.scale)
    return body * np.float32(0.9) + planes * np.float32(0.1) + m.field(260, "print", 1)[None] * np.float32(0.008)


def ukiyo(planes: Array, m: Manner) -> Array:
    """A woodblock print: muted flat colours, a dark key line, wood grain, deep blue at the top."""
    warm = saturated(planes, 0.86) * colour(np.array([1.0, 0.97, 0.88], np.float32))
    body = reduced(warm, 18, m.view.scale)
    top = np.clip(1 - (m.view.ys + 0.52) / 0.16, 0, 1)[:, None] ** 1.3
    body = body + (colour(rgb("2c4a78")) - body) * (top * np.float32(0.55))[None]
    key = lines(grey(reduced(planes, 30, m.view.scale)), m.view.scale, 0.75)
    body = body + (colour(rgb("26263a")) - body) * (key * np.float32(0.8))[None]
    grain = m.field(7, "plank", 3, fy=110) * np.float32(0.02) + m.field(180, "paper", 2) * np.float32(0.014)
    return (body * np.float32(0.93) + colour(rgb("f2e4c4")) * np.float32(0.07)) * (1 + grain)[None]


def mosaic(planes: Array, m: Manner) -> Array:
    """Pieces of glass between dark joints: a Voronoi diagram of jittered cells."""
    across = min(62.0, m.view.scale / 7)
    nx = ny = 0
    cx = cy = 1 / across
    if m.noise.period is not None:
        nx, ny = max(round(m.noise.period[0] * across), 1), max(round(m.noise.period[1] * across), 1)
        cx, cy = m.noise.period[0] / nx, m.noise.period[1] / ny
    u, v = m.view.xs / np.float32(cx), m.view.ys / np.float32(cy)
    iu, iv = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    first = np.full(planes.shape[1:], 9, np.float32)
    second = first.copy()
    seed_x, seed_y = np.zeros_like(first), np.zeros_like(first)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            m.check()
            kx, ky = iu + dx, iv + dy
            hx, hy = (kx % nx, ky % ny) if nx else (kx, ky)
            px = kx[None, :] + 0.15 + 0.7 * hashed(hx[None, :], hy[:, None], m.noise.seed ^ 21)
            py = ky[:, None] + 0.15 + 0.7 * hashed(hx[None, :], hy[:, None], m.noise.seed ^ 22)
            d = ((px - u[None, :]) ** 2 + (py - v[:, None]) ** 2).astype(np.float32)
            closer = d < first
            second = np.where(closer, first, np.minimum(second, d))
            first = np.where(closer, d, first)
            seed_x, seed_y = np.where(closer, px, seed_x), np.where(closer, py, seed_y)
    soft = blurred(saturated(planes, 1.35), cx * m.view.scale * 0.25)
    cols = np.clip((seed_x * cx - m.view.left) * m.view.scale, 0, m.view.width - 1).astype(np.int32)
    rows = np.clip((seed_y * cy - m.view.top) * m.view.scale, 0, m.view.height - 1).astype(np.int32)
    joint = smoothstep(0.03, 0.1, np.sqrt(second) - np.sqrt(first))
    glass = soft[:, rows, cols] * (1.08 - 0.3 * first)[None]
    return colour(rgb("1e1c22")) + (glass - colour(rgb("1e1c22"))) * joint[None]


def smooth(planes: Array, m: Manner) -> Array:
    return saturated(planes, 1.04) + m.field(300, "grain", 1)[None] * np.float32(0.012)


STYLES: dict[str, Callable[[Array, Manner], Array]] = {
    "oil": oil, "impressionist": impressionist, "watercolour": watercolour, "ink": ink, "pencil": pencil, "pixel": pixel, "flat": flat,
    "ukiyo": ukiyo, "mosaic": mosaic, "smooth": smooth,
}  # fmt: skip

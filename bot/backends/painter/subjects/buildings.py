"""Buildings."""

from bot.backends.painter.noise import Array
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.subjects.pen import Pen, Point, shade

STONE = rgb("a99c8c")
WOOD = rgb("6d4a33")
SNOW = rgb("f4f7fa")


def arch(x: float, y: float, w: float, h: float) -> list[Point]:
    """The outline of a window with a round top, its sill at (x, y)."""
    return [
        (x - w, y),
        (x - w, y + h * 0.6),
        (x - w * 0.6, y + h * 0.9),
        (x, y + h),
        (x + w * 0.6, y + h * 0.9),
        (x + w, y + h * 0.6),
        (x + w, y),
    ]


def roof(p: Pen, points: list[Point], paint: Array) -> None:
    """A roof, under snow where it snowed."""
    p.poly(points, mix(SNOW, paint, 0.12) if p.snow else paint)


def lighthouse(p: Pen) -> None:
    wall, band = rgb("f3eee2"), p.main("c23b30")
    p.rect(-0.3, 0.0, 0.2, 0.1, shade(STONE, 0.3))
    p.rect(-0.34, 0.08, -0.08, 0.15, shade(wall, -0.12))
    roof(p, [(-0.37, 0.15), (-0.05, 0.15), (-0.12, 0.23), (-0.3, 0.23)], shade(band, -0.15))
    p.lit([(-0.26, 0.09), (-0.26, 0.13), (-0.21, 0.13), (-0.21, 0.09)])
    for i in range(5):
        y0, y1 = 0.02 + i * 0.142, 0.02 + (i + 1) * 0.142
        w0, w1 = 0.125 - 0.052 * i / 5, 0.125 - 0.052 * (i + 1) / 5
        p.poly([(-w0, y0), (w0, y0), (w1, y1), (-w1, y1)], band if i % 2 else wall)
    for y in (0.2, 0.48):
        p.lit(arch(0.01, y, 0.018, 0.06))
    p.poly(arch(0.0, 0.02, 0.03, 0.1), WOOD)
    p.rect(-0.105, 0.73, 0.105, 0.755, shade(band, -0.4))
    for i in range(7):
        p.line([(-0.1 + i / 30, 0.755), (-0.1 + i / 30, 0.8)], 0.006, shade(band, -0.4))
    p.line([(-0.1, 0.8), (0.1, 0.8)], 0.008, shade(band, -0.4))
    p.rect(-0.052, 0.755, 0.052, 0.88, rgb("33404a"))
    p.rect(-0.044, 0.765, 0.044, 0.87, mix(p.lamp, rgb("ffffff"), 0.35))
    p.lit_oval(0, 0.815, 0.034, 0.042)
    for x in (-0.018, 0.018):
        p.line([(x, 0.76), (x, 0.875)], 0.005, rgb("33404a"))
    p.blob([(-0.075, 0.875), (-0.045, 0.935), (0, 0.965), (0.045, 0.935), (0.075, 0.875)], band)
    p.line([(0, 0.95), (0, 1.02)], 0.01, rgb("33404a"))


def house(p: Pen) -> None:
    wall = p.main(("ece0c8", "d8c0a0", "e8d4c4", "c8cfc8")[p.noise.choice("wall", 4)])
    tiles = rgb(("a8492f", "6e4a3c", "55606c")[p.noise.choice("tiles", 3)])
    p.rect(0.26, 0.6, 0.38, 1.0, shade(STONE, -0.1))
    p.rect(-0.55, 0.0, 0.55, 0.52, wall)
    p.poly([(-0.55, 0.5), (-0.15, 0.5), (-0.35, 0.84)], wall)
    p.rect(-0.15, 0.0, 0.55, 0.5, shade(wall, -0.12))
    roof(p, [(-0.18, 0.48), (0.66, 0.48), (0.46, 0.86), (-0.36, 0.86)], tiles)
    roof(
        p, [(-0.66, 0.46), (-0.58, 0.44), (-0.34, 0.8), (-0.12, 0.44), (-0.06, 0.48), (-0.34, 0.92)], shade(tiles, 0.1)
    )
    for i in range(1, 4):
        p.line(
            [(-0.3 + 0.05 * i, 0.86 - i * 0.1), (0.46 + 0.05 * i, 0.86 - i * 0.1)],
            0.008,
            shade(tiles, -0.25 if not p.snow else 0.5),
        )
    for x in (0.06, 0.36):
        p.rect(x - 0.085, 0.19, x + 0.085, 0.37, rgb("f2ead8"))
        p.lit([(x - 0.065, 0.21), (x + 0.065, 0.21), (x + 0.065, 0.35), (x - 0.065, 0.35)])
        p.line([(x, 0.2), (x, 0.36)], 0.014, rgb("f2ead8"))
    p.lit(arch(-0.35, 0.5, 0.05, 0.14))
    p.poly(arch(-0.35, 0.0, 0.09, 0.32), WOOD)


def crenels(p: Pen, left: float, right: float, y: float, size: float, paint: Array) -> None:
    count = max(int((right - left) / (2 * size)), 1)
    step = (right - left) / (count * 2 - 1) if count > 1 else (right - left)
    for i in range(count):
        p.rect(left + 2 * i * step, y, left + (2 * i + 1) * step, y + size, paint)


def turret(p: Pen, x: float, w: float, top: float, spire: float, wall: Array, tiles: Array) -> None:
    """A round tower with a pointed roof and a flag of light in its window."""
    p.rect(x - w, 0.0, x + w, top, wall)
    p.rect(x + w * 0.3, 0.0, x + w, top, shade(wall, -0.16))
    p.rect(x - w * 1.2, top - 0.05, x + w * 1.2, top, shade(wall, -0.08))
    roof(p, [(x - w * 1.35, top), (x + w * 1.35, top), (x, top + spire)], tiles)
    p.poly([(x + w * 0.2, top), (x + w * 1.35, top), (x, top + spire)], shade(tiles, -0.22))
    p.lit(arch(x - w * 0.1, top - 0.16, w * 0.24, 0.08))


def castle(p: Pen) -> None:
    wall, tiles = p.main("b8ab9a"), rgb(("5a6a8a", "8a4a42", "54707a")[p.noise.choice("tiles", 3)])
    turret(p, -0.02, 0.1, 0.72, 0.28, shade(wall, -0.1), tiles)
    turret(p, 0.24, 0.075, 0.56, 0.24, shade(wall, -0.06), tiles)
    turret(p, -0.26, 0.07, 0.5, 0.22, shade(wall, -0.06), tiles)
    p.rect(-0.32, 0.0, 0.32, 0.42, shade(wall, -0.04))
    crenels(p, -0.32, 0.32, 0.42, 0.035, shade(wall, -0.04))
    p.rect(-0.56, 0.0, 0.56, 0.27, wall)
    crenels(p, -0.56, 0.56, 0.27, 0.035, wall)
    turret(p, -0.54, 0.085, 0.4, 0.22, wall, tiles)
    turret(p, 0.54, 0.085, 0.43, 0.24, wall, tiles)
    p.poly(arch(0, 0.0, 0.085, 0.21), shade(wall, -0.55))
    p.poly(arch(0, 0.0, 0.062, 0.17), WOOD)
    for x, y in ((-0.2, 0.32), (-0.08, 0.34), (0.1, 0.34), (0.21, 0.32), (-0.3, 0.15), (0.3, 0.15)):
        p.lit(arch(x, y, 0.018, 0.06))
    for i in range(26):
        x, y = p.number(f"sx{i}", -0.5, 0.45), p.number(f"sy{i}", 0.03, 0.25)
        p.rect(x, y, x + 0.04, y + 0.014, shade(wall, -0.12 if i % 2 else 0.15))
    p.line([(0, 1.0), (0, 1.08)], 0.008, WOOD)
    p.poly([(0, 1.08), (0.1, 1.055), (0, 1.03)], rgb("c23b30"))


def tower(p: Pen) -> None:
    wall = p.main("9c9084")
    p.poly([(-0.17, 0), (0.17, 0), (0.14, 0.8), (-0.14, 0.8)], wall)
    p.poly([(0.05, 0), (0.17, 0), (0.14, 0.8), (0.05, 0.8)], shade(wall, -0.2))
    p.rect(-0.19, 0.78, 0.19, 0.88, shade(wall, 0.06))
    crenels(p, -0.19, 0.19, 0.88, 0.06, shade(wall, 0.06))
    for y in (0.28, 0.5, 0.68):
        p.lit(arch(-0.03, y, 0.025, 0.09))
    p.poly(arch(-0.02, 0.0, 0.05, 0.15), shade(WOOD, -0.2))
    for i in range(20):
        x, y = p.number(f"sx{i}", -0.13, 0.08), p.number(f"sy{i}", 0.05, 0.75)
        p.rect(x, y, x + 0.04, y + 0.014, shade(wall, -0.15 if i % 2 else 0.15))


def church(p: Pen) -> None:
    wall, tiles = p.main("eee6d6"), rgb("7a4038")
    p.rect(-0.2, 0.0, 0.5, 0.34, wall)
    roof(p, [(-0.24, 0.33), (0.56, 0.33), (0.46, 0.52), (-0.24, 0.52)], tiles)
    p.rect(-0.42, 0.0, -0.14, 0.62, shade(wall, 0.1))
    p.rect(-0.22, 0.0, -0.14, 0.62, shade(wall, -0.15))
    roof(p, [(-0.46, 0.61), (-0.1, 0.61), (-0.28, 0.93)], shade(tiles, -0.1))
    p.line([(-0.28, 0.9), (-0.28, 1.02)], 0.012, rgb("3c3430"))
    p.line([(-0.315, 0.98), (-0.245, 0.98)], 0.012, rgb("3c3430"))
    for x in (-0.02, 0.16, 0.34):
        p.lit(arch(x, 0.1, 0.035, 0.16))
    p.lit(arch(-0.29, 0.44, 0.035, 0.1))
    p.poly(arch(-0.28, 0.0, 0.06, 0.2), WOOD)


def windmill(p: Pen) -> None:
    wall = p.main("efe8d8")
    p.poly([(-0.17, 0), (0.17, 0), (0.1, 0.58), (-0.1, 0.58)], wall)
    p.poly([(0.03, 0), (0.17, 0), (0.1, 0.58), (0.03, 0.58)], shade(wall, -0.15))
    roof(p, [(-0.12, 0.57), (0.12, 0.57), (0.07, 0.68), (0, 0.72), (-0.07, 0.68)], rgb("6a4a38"))
    p.poly(arch(0, 0, 0.045, 0.15), WOOD)
    p.lit(arch(-0.02, 0.32, 0.028, 0.08))
    turn = p.number("turn", 0.2, 1.2)
    from_hub = complex(0, 0.62)
    for i in range(4):
        arm = 0.42 * complex(0, 1) ** i * (complex(1, turn) / abs(complex(1, turn)))
        side = arm * complex(0, -0.2)
        tip, near = from_hub + arm, from_hub + arm * 0.22
        p.line([(from_hub.real, from_hub.imag), (tip.real, tip.imag)], 0.016, WOOD)
        p.poly([(q.real, q.imag) for q in (near, tip, tip + side, near + side)], shade(rgb("d8c8a8"), 0.1))
        for k in (0.4, 0.6, 0.8):
            a, b = from_hub + arm * k, from_hub + arm * k + side
            p.line([(a.real, a.imag), (b.real, b.imag)], 0.008, WOOD)


def bridge(p: Pen) -> None:
    wall = p.main("a08f7c")
    deck = [(-1.6, 0.5), (-0.8, 0.78), (0.0, 0.88), (0.8, 0.78), (1.6, 0.5)]
    top = [(x, y + 0.12) for x, y in deck]
    p.poly([*top, (1.6, 0.0), (-1.6, 0.0)], wall)
    for x, w, h in ((-0.95, 0.34, 0.5), (0.0, 0.42, 0.66), (0.95, 0.34, 0.5)):
        p.cut(
            [
                (x - w, -0.01),
                (x - w, h * 0.4),
                (x - w * 0.7, h * 0.82),
                (x, h),
                (x + w * 0.7, h * 0.82),
                (x + w, h * 0.4),
                (x + w, -0.01),
            ]
        )
        p.line(
            [(x - w, h * 0.4), (x - w * 0.7, h * 0.82), (x, h), (x + w * 0.7, h * 0.82), (x + w, h * 0.4)],
            0.035,
            shade(wall, -0.3),
        )
    p.line(deck, 0.03, shade(wall, -0.25))
    p.line(top, 0.03, shade(wall, 0.2))


def temple(p: Pen) -> None:
    red, tiles = p.main("b0402f"), rgb("3c4654")
    p.rect(-0.5, 0.0, 0.5, 0.06, STONE)
    for i, y in enumerate((0.06, 0.32, 0.55)):
        w = 0.36 - 0.09 * i
        p.rect(-w, y, w, y + 0.18, mix(red, rgb("f0e4d0"), 0.75))
        for k in range(5):
            p.rect(-w + k * w / 2 - 0.015, y, -w + k * w / 2 + 0.015, y + 0.18, red)
        for k in range(4):
            left, right = -w + (k + 0.25) * w / 2, -w + (k + 0.75) * w / 2
            p.lit([(left, y + 0.04), (right, y + 0.04), (right, y + 0.14), (left, y + 0.14)])
        eaves = [
            (-w - 0.2, y + 0.2),
            (-w - 0.1, y + 0.17),
            (w + 0.1, y + 0.17),
            (w + 0.2, y + 0.2),
            (w * 0.7, y + 0.28),
            (-w * 0.7, y + 0.28),
        ]
        roof(p, eaves, tiles)
        p.line([(-w - 0.2, y + 0.205), (-w * 0.9, y + 0.235)], 0.012, shade(tiles, 0.25))
    p.line([(0, 0.8), (0, 1.0)], 0.022, rgb("c9a04a"))
    for y in (0.86, 0.91, 0.96):
        p.oval(0, y, 0.03, 0.012, rgb("c9a04a"))


def pyramid(p: Pen) -> None:
    sand = p.main("d8b078")
    p.poly([(-0.95, 0), (0.25, 0), (0, 1)], sand)
    p.poly([(0.25, 0), (0.95, 0), (0, 1)], shade(sand, -0.4))
    for i in range(1, 14):
        y = i / 14
        p.line([(-0.95 * (1 - y), y), (0.25 * (1 - y), y)], 0.008, shade(sand, -0.12))


def tent(p: Pen) -> None:
    cloth = p.main("d8803a")
    p.poly([(-0.75, 0), (0.3, 0), (-0.12, 0.95)], cloth)
    p.poly([(0.3, 0), (0.8, 0.04), (-0.12, 0.95)], shade(cloth, -0.3))
    p.lit([(-0.42, 0.0), (0.02, 0.0), (-0.14, 0.62)], rgb("4a3430") if p.night < 0.25 else None)
    p.poly([(-0.42, 0.0), (-0.52, 0.0), (-0.14, 0.66)], shade(cloth, 0.25))
    p.line([(-0.12, 0.95), (-0.95, 0.0)], 0.01, WOOD)

"""Animals of the land and the air, facing right."""

from dataclasses import dataclass

from bot.backends.painter.noise import Array
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.subjects.pen import Pen, Point, shade

DARK = rgb("2a2226")
CREAM = rgb("f3e8d6")


@dataclass(frozen=True, slots=True)
class Build:
    """The measures of a four-legged animal: all in parts of its height."""

    back: float  # height of the spine
    thick: float  # radius of the trunk
    length: float  # from hip to shoulder
    leg: float  # radius of a leg at the top
    head: Point
    skull: float
    snout: float
    neck: float


def beast(p: Pen, b: Build, coat: Array, socks: Array | None = None) -> None:
    """The trunk, legs, neck and skull that all four-legged animals share."""
    hip, chest = -b.length / 2, b.length / 2
    far, feet = shade(coat, -0.35), coat if socks is None else socks
    for x, lean in ((hip + 0.08, 0.05), (chest - 0.06, 0.05)):
        p.limb(
            [
                (x, b.back - b.thick * 0.5, b.leg),
                (x + lean, b.back * 0.45, b.leg * 0.6),
                (x + lean * 0.8, 0.02, b.leg * 0.5),
            ],
            far,
        )
    p.limb(
        [
            (hip, b.back - b.thick * 0.1, b.thick),
            (0, b.back - b.thick * 0.12, b.thick * 0.94),
            (chest, b.back, b.thick * 1.06),
        ],
        coat,
    )
    p.limb(
        [
            (chest, b.back, b.thick * 0.95),
            ((chest + b.head[0]) / 2, (b.back + b.head[1]) / 2, b.neck * 1.15),
            (*b.head, b.neck),
        ],
        coat,
    )
    for x, bend in ((hip - 0.02, -0.05), (chest - 0.01, 0.02)):
        p.limb([(x, b.back - b.thick * 0.4, b.leg * 1.25), (x + bend, b.back * 0.45, b.leg * 0.7)], coat)
        p.limb(
            [
                (x + bend, b.back * 0.45, b.leg * 0.7),
                (x + bend * 0.4, 0.03, b.leg * 0.55),
                (x + bend * 0.4 + b.leg * 0.5, 0.02, b.leg * 0.5),
            ],
            feet,
        )
    x, y = b.head
    p.oval(x, y, b.skull, b.skull * 0.95, coat)
    p.limb([(x, y - 0.01, b.skull * 0.8), (x + b.snout, y - b.skull * 0.45, b.skull * 0.38)], coat)


def face(p: Pen, b: Build, nose: Array = DARK) -> None:
    x, y = b.head
    p.oval(x + b.snout + b.skull * 0.3, y - b.skull * 0.35, b.skull * 0.17, b.skull * 0.15, nose)
    p.oval(x + b.skull * 0.42, y + b.skull * 0.15, b.skull * 0.12, b.skull * 0.14, DARK)


def ears(p: Pen, b: Build, paint: Array, high: float, wide: float) -> None:
    x, y = b.head
    for dx, c in ((-0.1, shade(paint, -0.3)), (-0.62, paint)):
        base = x + dx * b.skull
        p.poly(
            [
                (base - wide / 2, y + b.skull * 0.55),
                (base + wide / 2, y + b.skull * 0.8),
                (base - wide * 0.2, y + b.skull * 0.8 + high),
            ],
            c,
        )


def fox(p: Pen) -> None:
    coat = p.main("d2692c")
    b = Build(0.5, 0.13, 0.62, 0.062, (0.46, 0.74), 0.13, 0.15, 0.09)
    p.limb([(-0.34, 0.5, 0.05), (-0.52, 0.4, 0.1), (-0.68, 0.3, 0.12), (-0.82, 0.26, 0.06)], coat)
    p.limb([(-0.78, 0.27, 0.075), (-0.88, 0.26, 0.03)], CREAM)
    beast(p, b, coat, shade(coat, -0.7))
    p.blob([(0.33, 0.62), (0.44, 0.55), (0.4, 0.42), (0.3, 0.42)], CREAM)
    p.limb([(0.52, 0.69, 0.06), (0.62, 0.675, 0.03)], CREAM)
    ears(p, b, shade(coat, -0.1), 0.15, 0.1)
    face(p, b)


def wolf(p: Pen) -> None:
    coat = p.main("7f858e")
    b = Build(0.54, 0.14, 0.62, 0.06, (0.46, 0.77), 0.12, 0.16, 0.11)
    p.limb([(-0.34, 0.56, 0.05), (-0.5, 0.4, 0.075), (-0.58, 0.24, 0.03)], shade(coat, -0.15))
    beast(p, b, coat, shade(coat, 0.35))
    p.blob([(0.28, 0.66), (0.42, 0.62), (0.38, 0.42), (0.26, 0.42)], shade(coat, 0.45))
    ears(p, b, shade(coat, -0.2), 0.12, 0.09)
    face(p, b)


def dog(p: Pen) -> None:
    coat = p.main("b98550")
    b = Build(0.52, 0.14, 0.56, 0.065, (0.42, 0.8), 0.14, 0.14, 0.1)
    p.curve([(-0.32, 0.58), (-0.46, 0.7), (-0.48, 0.86)], 0.045, 0.02, coat)
    beast(p, b, coat, CREAM)
    p.blob([(0.26, 0.62), (0.38, 0.56), (0.34, 0.42), (0.24, 0.42)], CREAM)
    p.blob([(0.34, 0.92), (0.42, 0.86), (0.38, 0.68), (0.3, 0.64), (0.28, 0.8)], shade(coat, -0.4))
    face(p, b)
    p.line([(0.3, 0.67), (0.44, 0.65)], 0.035, rgb("b8322c"))


def cat(p: Pen) -> None:
    """Sitting, as cats do."""
    coat = p.main(("3a3a44", "c98a4b", "8f8a86", "e6ddcf")[p.noise.choice("coat", 4)])
    dark = shade(coat, -0.3)
    p.curve([(-0.16, 0.08), (-0.38, 0.04), (-0.5, 0.14), (-0.46, 0.28)], 0.045, 0.035, dark)
    p.blob([(-0.26, 0.02), (-0.27, 0.22), (-0.16, 0.46), (-0.02, 0.62), (0.14, 0.6), (0.18, 0.36), (0.17, 0.02)], coat)
    p.blob([(-0.27, 0.02), (-0.28, 0.18), (-0.16, 0.28), (-0.04, 0.18), (-0.02, 0.02)], dark)
    p.limb([(0.1, 0.36, 0.06), (0.12, 0.05, 0.045), (0.17, 0.035, 0.035)], coat)
    p.limb([(0.02, 0.34, 0.055), (0.03, 0.05, 0.042), (0.08, 0.035, 0.035)], shade(coat, 0.06))
    p.oval(0.06, 0.73, 0.165, 0.145, coat)
    for x in (-0.05, 0.16):
        p.poly([(x - 0.07, 0.8), (x + 0.07, 0.82), (x + (0.015 if x > 0 else -0.03), 1.0)], coat)
        p.poly(
            [(x - 0.03, 0.84), (x + 0.04, 0.85), (x + (0.015 if x > 0 else -0.02), 0.95)], mix(coat, rgb("e0a0a0"), 0.5)
        )
    for x in (0.0, 0.14):
        p.oval(x, 0.745, 0.034, 0.036, rgb("cfd86a"))
        p.oval(x + 0.004, 0.745, 0.013, 0.033, DARK)
    p.poly([(0.05, 0.69), (0.09, 0.69), (0.07, 0.665)], rgb("d98a8a"))
    for dy in (-0.02, 0.01):
        p.line([(0.12, 0.67), (0.27, 0.67 + dy * 2)], 0.006, shade(coat, 0.5))
        p.line([(0.02, 0.67), (-0.13, 0.67 + dy * 2)], 0.006, shade(coat, 0.5))


def horse(p: Pen) -> None:
    coat = p.main(("7a4a2c", "4a3730", "e8e0d4", "a06a3c")[p.noise.choice("coat", 4)])
    mane = shade(coat, -0.6)
    b = Build(0.6, 0.125, 0.54, 0.055, (0.42, 0.9), 0.072, 0.12, 0.075)
    p.curve([(-0.34, 0.64), (-0.44, 0.56), (-0.46, 0.3)], 0.05, 0.025, mane)
    beast(p, b, coat, shade(coat, -0.25))
    p.curve([(0.4, 0.98), (0.28, 0.86), (0.2, 0.68)], 0.035, 0.045, mane)
    p.poly([(0.37, 0.95), (0.42, 0.96), (0.4, 1.03)], coat)
    face(p, b)


def deer(p: Pen) -> None:
    coat = p.main("9a6a3e")
    b = Build(0.45, 0.1, 0.44, 0.042, (0.34, 0.7), 0.062, 0.09, 0.055)
    p.limb([(-0.25, 0.5, 0.03), (-0.31, 0.47, 0.02)], CREAM)
    beast(p, b, coat, shade(coat, -0.3))
    horn = rgb("7a6248")
    for lean in (-0.13, 0.1):
        p.curve([(0.32, 0.75), (0.32 + lean, 0.84), (0.34 + lean * 1.2, 0.99)], 0.016, 0.008, horn)
        p.line([(0.32 + lean * 0.9, 0.85), (0.38 + lean * 0.4, 0.95)], 0.013, horn)
        p.line([(0.32 + lean * 0.5, 0.8), (0.33 + lean * 1.6, 0.86)], 0.012, horn)
    p.limb([(0.3, 0.74, 0.025), (0.2, 0.77, 0.01)], shade(coat, -0.2))
    face(p, b)


def bear(p: Pen) -> None:
    coat = p.main("5a4032")
    b = Build(0.6, 0.28, 0.74, 0.13, (0.62, 0.72), 0.19, 0.17, 0.2)
    beast(p, b, coat, shade(coat, -0.25))
    p.oval(0.52, 0.9, 0.065, 0.065, coat)
    p.oval(0.66, 0.91, 0.06, 0.06, shade(coat, -0.25))
    p.limb([(0.76, 0.66, 0.08), (0.8, 0.64, 0.065)], shade(coat, 0.25))
    face(p, b)


def camel(p: Pen) -> None:
    coat = p.main("c79a62")
    b = Build(0.56, 0.13, 0.6, 0.05, (0.56, 0.9), 0.075, 0.1, 0.06)
    p.curve([(-0.36, 0.6), (-0.42, 0.45), (-0.41, 0.36)], 0.022, 0.02, shade(coat, -0.3))
    p.blob([(-0.24, 0.62), (-0.12, 0.86), (0.0, 0.88), (0.1, 0.78), (0.2, 0.62)], coat)
    beast(p, b, coat, shade(coat, -0.15))
    p.curve([(0.3, 0.6), (0.44, 0.58), (0.5, 0.72), (0.55, 0.9)], 0.09, 0.055, coat)
    p.blob([(-0.2, 0.76), (0.0, 0.86), (0.1, 0.72), (0.08, 0.52), (-0.16, 0.52)], rgb("b2403a"))
    p.poly([(0.48, 0.94), (0.54, 0.96), (0.48, 1.0)], coat)
    face(p, b)


def elephant(p: Pen) -> None:
    coat = p.main("8a8a92")
    b = Build(0.62, 0.27, 0.62, 0.12, (0.52, 0.76), 0.21, 0.06, 0.2)
    p.curve([(-0.52, 0.62), (-0.6, 0.5), (-0.6, 0.34)], 0.025, 0.015, shade(coat, -0.3))
    beast(p, b, coat, shade(coat, -0.12))
    p.curve([(0.66, 0.72), (0.78, 0.56), (0.78, 0.3), (0.86, 0.14), (0.95, 0.16)], 0.12, 0.035, coat)
    p.curve([(0.66, 0.58), (0.8, 0.5), (0.92, 0.56)], 0.03, 0.012, CREAM)
    p.blob([(0.4, 0.94), (0.22, 0.92), (0.16, 0.68), (0.28, 0.5), (0.44, 0.6), (0.48, 0.8)], shade(coat, -0.2))
    p.oval(0.62, 0.8, 0.02, 0.024, DARK)


def rabbit(p: Pen) -> None:
    coat = p.main("b7a48e")
    p.oval(-0.34, 0.2, 0.09, 0.085, CREAM)
    p.blob([(-0.36, 0.04), (-0.38, 0.28), (-0.2, 0.48), (0.06, 0.48), (0.24, 0.32), (0.22, 0.04)], coat)
    p.blob([(-0.34, 0.02), (-0.34, 0.26), (-0.14, 0.32), (0.0, 0.16), (0.02, 0.02)], shade(coat, -0.16))
    p.limb([(0.16, 0.2, 0.06), (0.2, 0.04, 0.045)], coat)
    p.curve([(0.14, 0.6), (0.06, 0.84), (0.02, 0.98)], 0.045, 0.03, shade(coat, -0.2))
    p.curve([(0.2, 0.62), (0.2, 0.86), (0.18, 1.0)], 0.05, 0.03, coat)
    p.oval(0.22, 0.52, 0.155, 0.135, coat)
    p.oval(0.28, 0.55, 0.025, 0.028, DARK)
    p.oval(0.37, 0.51, 0.02, 0.016, rgb("d98a8a"))


def cow(p: Pen) -> None:
    coat = p.main("efe7da")
    b = Build(0.64, 0.22, 0.74, 0.075, (0.6, 0.8), 0.13, 0.15, 0.14)
    p.curve([(-0.54, 0.74), (-0.62, 0.6), (-0.6, 0.3)], 0.02, 0.03, DARK)
    beast(p, b, coat)
    for x, y, r in ((-0.3, 0.7, 0.13), (0.08, 0.6, 0.11), (0.3, 0.76, 0.07)):
        p.blob([(x - r, y), (x, y + r * 0.8), (x + r * 1.1, y + 0.02), (x + 0.02, y - r)], rgb("3c3034"))
    p.limb([(0.74, 0.74, 0.075), (0.78, 0.73, 0.065)], rgb("e0b0a4"))
    p.curve([(0.55, 0.92), (0.52, 1.0), (0.58, 1.03)], 0.025, 0.01, CREAM)
    p.limb([(0.5, 0.88, 0.05), (0.38, 0.87, 0.03)], rgb("3c3034"))
    face(p, b)


def sheep(p: Pen) -> None:
    wool = p.main("f2ece0")
    for x in (-0.28, -0.16, 0.18, 0.28):
        p.limb([(x, 0.4, 0.045), (x, 0.03, 0.04)], rgb("4a4044"))
    for x, y, r in (
        (-0.34, 0.55, 0.2),
        (-0.18, 0.68, 0.2),
        (0.02, 0.72, 0.2),
        (0.22, 0.64, 0.2),
        (0.3, 0.52, 0.18),
        (0.0, 0.5, 0.25),
        (-0.2, 0.46, 0.2),
    ):
        p.oval(x, y, r, r * 0.9, wool)
    p.blob([(0.36, 0.88), (0.52, 0.84), (0.62, 0.66), (0.52, 0.6), (0.38, 0.7)], rgb("4a4044"))
    p.oval(0.38, 0.87, 0.1, 0.08, wool)
    p.limb([(0.36, 0.8, 0.04), (0.26, 0.76, 0.025)], rgb("4a4044"))
    p.oval(0.5, 0.77, 0.018, 0.02, CREAM)


def lion(p: Pen) -> None:
    coat = p.main("cf9c54")
    b = Build(0.54, 0.155, 0.72, 0.07, (0.52, 0.72), 0.14, 0.12, 0.12)
    p.curve([(-0.44, 0.58), (-0.62, 0.5), (-0.68, 0.3)], 0.03, 0.02, coat)
    p.oval(-0.69, 0.27, 0.045, 0.06, rgb("6a4024"))
    beast(p, b, coat)
    mane = rgb("7c4a26")
    for i, (x, y, r) in enumerate(
        ((0.36, 0.72, 0.2), (0.42, 0.86, 0.15), (0.34, 0.56, 0.16), (0.46, 0.6, 0.15), (0.54, 0.88, 0.1))
    ):
        p.oval(x, y, r, r, shade(mane, 0.08 * (i % 2)))
    p.oval(0.55, 0.73, 0.13, 0.13, coat)
    p.limb([(0.58, 0.7, 0.1), (0.68, 0.66, 0.065)], shade(coat, 0.15))
    face(p, b)


def bird(p: Pen) -> None:
    """On the wing, seen from the side."""
    coat = p.main(("f0eee8", "3c424e", "e9e4da")[p.noise.choice("coat", 3)])
    lift = p.number("wings", 0.6, 1.0)
    p.blob(
        [(0.05, 0.48), (-0.2, 0.55 + 0.3 * lift), (-0.62, 0.6 + 0.36 * lift), (-0.3, 0.62), (-0.12, 0.44)],
        shade(coat, -0.3),
    )
    p.blob([(-0.42, 0.4), (-0.1, 0.5), (0.22, 0.5), (0.4, 0.44), (0.3, 0.36), (0.0, 0.3)], coat)
    p.poly([(-0.34, 0.42), (-0.66, 0.44), (-0.62, 0.34), (-0.3, 0.36)], shade(coat, -0.15))
    p.blob(
        [(0.12, 0.46), (0.02, 0.62 + 0.3 * lift), (-0.22, 0.64 + 0.36 * lift), (-0.12, 0.7), (-0.16, 0.42)],
        shade(coat, -0.06),
    )
    p.oval(0.36, 0.46, 0.085, 0.075, coat)
    p.poly([(0.42, 0.49), (0.54, 0.44), (0.42, 0.42)], rgb("e0a03c"))
    p.oval(0.39, 0.48, 0.016, 0.018, DARK)


def owl(p: Pen) -> None:
    coat = p.main("8a6a4a")
    p.blob(
        [(-0.26, 0.1), (-0.33, 0.5), (-0.27, 0.86), (0.0, 0.95), (0.27, 0.86), (0.33, 0.5), (0.26, 0.1), (0.0, 0.02)],
        coat,
    )
    p.blob([(-0.17, 0.1), (-0.2, 0.4), (0.0, 0.58), (0.2, 0.4), (0.17, 0.1), (0.0, 0.05)], shade(coat, 0.45))
    for x in (-0.25, 0.25):
        p.blob([(x * 1.2, 0.6), (x * 1.4, 0.3), (x * 0.95, 0.12), (x * 0.8, 0.4)], shade(coat, -0.3))
        p.poly([(x * 1.05, 0.84), (x * 0.3, 0.9), (x * 1.0, 1.02)], shade(coat, -0.2))
        p.oval(x * 0.5, 0.73, 0.115, 0.115, CREAM)
        p.oval(x * 0.5, 0.73, 0.075, 0.075, rgb("e8b43c"))
        p.oval(x * 0.5, 0.73, 0.042, 0.045, DARK)
        p.limb([(x * 0.35, 0.04, 0.035), (x * 0.45, 0.01, 0.03)], rgb("c98f3c"))
    p.poly([(-0.04, 0.68), (0.04, 0.68), (0.0, 0.59)], rgb("d99a3c"))
    for i in range(9):
        p.line(
            [(-0.12 + 0.08 * (i % 4), 0.42 - 0.11 * (i // 3)), (-0.09 + 0.08 * (i % 4), 0.38 - 0.11 * (i // 3))],
            0.018,
            shade(coat, -0.1),
        )


def swan(p: Pen) -> None:
    coat = p.main("f7f4ec")
    p.blob([(-0.62, 0.34), (-0.36, 0.3), (-0.1, 0.44), (0.2, 0.36), (0.36, 0.2), (0.24, 0.02), (-0.3, 0.02)], coat)
    p.blob([(-0.58, 0.38), (-0.3, 0.4), (-0.02, 0.36), (0.08, 0.2), (-0.2, 0.12), (-0.4, 0.2)], shade(coat, -0.1))
    p.curve([(0.26, 0.2), (0.4, 0.42), (0.26, 0.62), (0.24, 0.82), (0.36, 0.9)], 0.09, 0.06, coat)
    p.oval(0.38, 0.89, 0.085, 0.07, coat)
    p.poly([(0.44, 0.92), (0.6, 0.82), (0.43, 0.84)], rgb("e0812c"))
    p.oval(0.42, 0.91, 0.016, 0.016, DARK)


def butterfly(p: Pen) -> None:
    wing = p.main("e58a2c")
    for s in (-1, 1):
        for scale, c in ((1.0, rgb("2c2430")), (0.86, wing), (0.5, shade(wing, 0.4))):
            p.blob(
                [
                    (s * 0.03, 0.52),
                    (s * 0.2 * scale, 0.5 + 0.4 * scale),
                    (s * 0.55 * scale, 0.52 + 0.42 * scale),
                    (s * 0.52 * scale, 0.5 + 0.12 * scale),
                    (s * 0.2 * scale, 0.5),
                ],
                c,
            )
            p.blob(
                [
                    (s * 0.03, 0.5),
                    (s * 0.34 * scale, 0.46),
                    (s * 0.42 * scale, 0.5 - 0.22 * scale),
                    (s * 0.22 * scale, 0.48 - 0.42 * scale),
                    (s * 0.05, 0.4),
                ],
                c,
            )
        p.curve([(0, 0.68), (s * 0.06, 0.82), (s * 0.16, 0.92)], 0.012, 0.01, DARK)
    p.limb([(0, 0.7, 0.035), (0, 0.5, 0.04), (0, 0.22, 0.02)], DARK)

"""Vehicles, plants, people, and things on a table."""

import math

from bot.backends.painter.noise import Array
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.subjects.buildings import SNOW, WOOD
from bot.backends.painter.subjects.pen import Pen, shade

DARK = rgb("2a2a32")
METAL = rgb("9aa4b0")
SKIN = rgb("d9a57c")


def boat(p: Pen) -> None:
    hull, sail = p.main(("a8432f", "2f5f80", "f0e8d8", "3c5a48")[p.noise.choice("hull", 4)]), rgb("f6f0e0")
    p.line([(0.02, 0.1), (0.02, 1.0)], 0.022, WOOD)
    p.blob([(0.05, 0.96), (0.2, 0.6), (0.42, 0.28), (0.2, 0.22), (0.05, 0.24)], sail)
    p.blob([(-0.01, 0.9), (-0.16, 0.56), (-0.36, 0.27), (-0.16, 0.23), (-0.01, 0.26)], shade(sail, -0.14))
    p.poly([(0.02, 1.0), (0.14, 0.97), (0.02, 0.94)], rgb("c23b30"))
    p.blob(
        [
            (-0.46, 0.17),
            (-0.2, 0.15),
            (0.2, 0.15),
            (0.54, 0.2),
            (0.4, 0.04),
            (0.28, -0.02),
            (-0.3, -0.02),
            (-0.4, 0.04),
        ],
        hull,
    )
    p.poly([(-0.44, 0.17), (0.52, 0.19), (0.5, 0.145), (-0.43, 0.13)], shade(hull, 0.45))


def ship(p: Pen) -> None:
    hull, sail = p.main("5a3c28"), rgb("efe4cc")
    for x, h in ((-0.34, 0.86), (0.0, 1.0), (0.34, 0.84)):
        p.line([(x, 0.15), (x, h)], 0.018, WOOD)
        for k, (up, w) in enumerate(((0.28, 0.17), (0.5, 0.14), (0.69, 0.1))):
            low, top = up * h + 0.02, (up + 0.2) * h
            p.blob(
                [(x - w, low), (x, low + 0.04), (x + w, low), (x + w * 0.9, top), (x, top + 0.01), (x - w * 0.9, top)],
                shade(sail, -0.05 * k),
            )
        p.poly([(x, h), (x - 0.1, h - 0.02), (x, h - 0.04)], rgb("a83030"))
    p.poly([(0.36, 0.7), (0.4, 0.3), (0.74, 0.3)], shade(sail, -0.1))
    p.line([(0.42, 0.2), (0.78, 0.32)], 0.02, WOOD)
    p.poly([(-0.6, 0.34), (-0.4, 0.3), (-0.36, 0.2), (0.4, 0.19), (0.6, 0.24), (0.44, 0.0), (-0.46, 0.0)], hull)
    p.poly([(-0.58, 0.28), (-0.38, 0.24), (0.5, 0.2), (0.48, 0.16), (-0.56, 0.2)], shade(hull, 0.3))
    for i in range(6):
        p.lit([(-0.34 + i * 0.13, 0.09), (-0.3 + i * 0.13, 0.09), (-0.3 + i * 0.13, 0.13), (-0.34 + i * 0.13, 0.13)])


def car(p: Pen) -> None:
    body = p.main(("c0392f", "3a6ea5", "d8b03c", "4f8a6a")[p.noise.choice("paint", 4)])
    p.blob([(-0.62, 0.46), (-0.4, 0.88), (0.0, 0.98), (0.34, 0.9), (0.62, 0.5)], body)
    p.blob(
        [(-1.1, 0.2), (-1.08, 0.46), (-0.7, 0.54), (0.5, 0.54), (1.0, 0.46), (1.12, 0.34), (1.08, 0.18), (0.0, 0.16)],
        body,
    )
    p.poly([(-0.5, 0.52), (-0.34, 0.82), (-0.04, 0.88), (-0.04, 0.52)], mix(rgb("9fc0d0"), DARK, p.night * 0.6))
    p.poly([(0.04, 0.52), (0.04, 0.88), (0.28, 0.82), (0.48, 0.52)], mix(rgb("9fc0d0"), DARK, p.night * 0.6))
    p.rect(-1.08, 0.2, 1.08, 0.26, shade(body, -0.4))
    for x in (-0.62, 0.62):
        p.oval(x, 0.19, 0.21, 0.21, DARK)
        p.oval(x, 0.19, 0.1, 0.1, METAL)
    p.lit_oval(1.04, 0.38, 0.05, 0.06)
    p.oval(-1.06, 0.38, 0.035, 0.055, rgb("e04030"))


def train(p: Pen) -> None:
    body = p.main("2f3f4a")
    for i in range(2):
        x = -1.25 - 0.95 * i
        p.rect(x - 0.42, 0.2, x + 0.42, 0.72, rgb("8a3430"))
        p.rect(x - 0.45, 0.7, x + 0.45, 0.78, shade(body, -0.2))
        for k in range(3):
            p.lit(
                [
                    (x - 0.34 + k * 0.25, 0.42),
                    (x - 0.16 + k * 0.25, 0.42),
                    (x - 0.16 + k * 0.25, 0.62),
                    (x - 0.34 + k * 0.25, 0.62),
                ]
            )
        for dx in (-0.25, 0.25):
            p.oval(x + dx, 0.13, 0.12, 0.12, DARK)
    p.rect(-0.72, 0.2, -0.2, 0.86, body)
    p.rect(-0.78, 0.84, -0.14, 0.92, shade(body, -0.35))
    p.lit([(-0.6, 0.54), (-0.32, 0.54), (-0.32, 0.78), (-0.6, 0.78)])
    p.rect(-0.25, 0.28, 0.72, 0.66, shade(body, 0.08))
    p.oval(0.72, 0.47, 0.08, 0.19, shade(body, -0.2))
    p.poly([(0.42, 0.64), (0.58, 0.64), (0.64, 0.92), (0.36, 0.92)], DARK)
    p.oval(0.12, 0.68, 0.12, 0.09, rgb("c9a04a"))
    p.rect(-0.72, 0.18, 0.84, 0.26, rgb("a8382f"))
    p.poly([(0.76, 0.26), (0.98, 0.04), (0.7, 0.04)], rgb("a8382f"))
    for x in (-0.5, -0.12, 0.24, 0.56):
        p.oval(x, 0.15, 0.15, 0.15, DARK)
        p.oval(x, 0.15, 0.05, 0.05, rgb("c9a04a"))
    p.lit_oval(0.79, 0.58, 0.045, 0.05)
    for i in range(6):
        p.oval(0.42 - i * 0.24, 0.98 + 0.025 * i, 0.1 + i * 0.02, 0.055 + i * 0.006, rgb("e4e4e4"))


def balloon(p: Pen) -> None:
    cloth = p.main(("d2453a", "e0963a", "3f7fb0", "7a5aa8")[p.noise.choice("cloth", 4)])
    second = rgb(("f4e6c4", "f0d060", "f6f0e4")[p.noise.choice("second", 3)])

    def outline(k: float) -> list[tuple[float, float]]:
        return [
            (-0.06 * k, 0.24),
            (-0.26 * k, 0.44),
            (-0.36 * k, 0.66),
            (-0.29 * k, 0.88),
            (0.0, 1.0),
            (0.29 * k, 0.88),
            (0.36 * k, 0.66),
            (0.26 * k, 0.44),
            (0.06 * k, 0.24),
        ]

    for i, k in enumerate((1.0, 0.78, 0.5, 0.2)):
        p.blob(outline(k), second if i % 2 else cloth)
    for x in (-0.05, 0.05):
        p.line([(x, 0.26), (x * 0.9, 0.12)], 0.008, DARK)
    p.rect(-0.055, 0.0, 0.055, 0.1, rgb("8a6238"))
    p.rect(-0.065, 0.09, 0.065, 0.115, rgb("5a3c20"))
    if p.night > 0.25:
        p.lit_oval(0, 0.2, 0.03, 0.04)


def airplane(p: Pen) -> None:
    body = p.main("e8ecf0")
    p.poly([(-0.1, 0.5), (-0.5, 0.94), (-0.34, 0.94), (0.24, 0.52)], shade(body, -0.25))
    p.blob(
        [(-1.1, 0.56), (-0.6, 0.4), (0.4, 0.36), (0.9, 0.4), (1.08, 0.5), (0.9, 0.6), (0.3, 0.66), (-0.6, 0.62)], body
    )
    p.poly([(-0.9, 0.56), (-1.2, 0.98), (-0.98, 0.98), (-0.62, 0.6)], rgb("c0392f"))
    for i in range(9):
        p.lit([(-0.5 + i * 0.13, 0.53), (-0.44 + i * 0.13, 0.53), (-0.44 + i * 0.13, 0.58), (-0.5 + i * 0.13, 0.58)])
    p.poly([(-0.1, 0.46), (-0.72, 0.06), (-0.5, 0.06), (0.34, 0.44)], shade(body, -0.12))


def rocket(p: Pen) -> None:
    body = p.main("eef0f2")
    for k, c in ((1.0, "f08a2c"), (0.6, "ffe08a")):
        p.blob([(-0.1 * k, 0.2), (-0.13 * k, 0.08), (0, -0.1 * k), (0.13 * k, 0.08), (0.1 * k, 0.2)], rgb(c))
    p.lit_oval(0, 0.12, 0.05, 0.09)
    for s in (-1, 1):
        p.poly([(s * 0.12, 0.44), (s * 0.3, 0.16), (s * 0.12, 0.22)], rgb("c23b30"))
    p.blob([(-0.12, 0.2), (-0.15, 0.5), (-0.1, 0.8), (0.0, 1.0), (0.1, 0.8), (0.15, 0.5), (0.12, 0.2)], body)
    p.blob([(-0.1, 0.8), (-0.05, 0.92), (0.0, 1.0), (0.05, 0.92), (0.1, 0.8)], rgb("c23b30"))
    p.oval(0, 0.62, 0.07, 0.07, METAL)
    p.oval(0, 0.62, 0.05, 0.05, rgb("4f8ab0"))
    p.rect(-0.03, 0.17, 0.03, 0.42, rgb("c23b30"))


def ufo(p: Pen) -> None:
    hull = p.main("8f9aa8")
    p.blob([(-0.4, 0.6), (-0.3, 0.92), (0, 1.0), (0.3, 0.92), (0.4, 0.6)], rgb("8fd0d8"))
    p.oval(0, 0.5, 1.0, 0.24, hull)
    p.oval(0, 0.56, 0.8, 0.16, shade(hull, 0.25))
    p.blob([(-0.4, 0.6), (-0.3, 0.88), (0, 0.97), (0.3, 0.88), (0.4, 0.6), (0, 0.54)], rgb("a8e0e0"))
    for i in range(7):
        x = -0.78 + i * 0.26
        p.lit_oval(x, 0.42 - 0.12 * math.cos(x * 1.6) + 0.02, 0.05, 0.05)


def _crown(p: Pen, name: str, x: float, y: float, r: float, paint: Array, count: int = 16) -> None:
    """Foliage: blots of three tones, dark below and light above."""
    for tone, drop, part in ((-0.35, -0.16, 1.0), (0.0, 0.0, 0.92), (0.22, 0.18, 0.62)):
        for i in range(count):
            angle, far = p.number(f"{name}{tone}a{i}", 0, 2 * math.pi), math.sqrt(p.number(f"{name}{tone}r{i}"))
            size = r * p.number(f"{name}{tone}s{i}", 0.24, 0.4)
            p.oval(
                x + math.cos(angle) * far * r * part * 0.85,
                y + math.sin(angle) * far * r * part * 0.72 + drop * r,
                size,
                size * 0.85,
                shade(paint, tone),
            )


def tree(p: Pen) -> None:
    leaf = p.foliage if not p.chosen else p.main("4c7a3f")
    bark = rgb("5c4636")
    p.curve([(0.0, 0.0), (p.number("lean", -0.05, 0.05), 0.28), (0.0, 0.6)], 0.055, 0.03, bark)
    p.curve([(0.0, 0.34), (0.14, 0.52), (0.2, 0.64)], 0.028, 0.012, bark)
    p.curve([(0.0, 0.3), (-0.13, 0.48), (-0.2, 0.6)], 0.028, 0.012, bark)
    _crown(p, "crown", 0.0, 0.66, 0.36, leaf, 20)
    if p.snow:
        _crown(p, "snow", 0.0, 0.8, 0.26, SNOW, 6)


def pine(p: Pen) -> None:
    leaf = mix(p.foliage, rgb("2f5044"), 0.55) if not p.chosen else p.main("2f5044")
    p.rect(-0.03, 0.0, 0.03, 0.2, rgb("4c3a30"))
    tiers = 6
    for i in range(tiers):
        y, w = 0.1 + i * 0.135, 0.3 * (1 - i / tiers) + 0.045
        top = min(y + 0.26, 1.0)
        jag = [
            (-w + 2 * w * k / 6, y + (0.035 if k % 2 else 0.0) + 0.01 * p.number(f"{i}{k}", -1, 1)) for k in range(7)
        ]
        p.poly([*jag, (0.006, top), (-0.006, top)], shade(leaf, -0.14 + 0.03 * i))
        p.poly([jag[0], jag[1], jag[2], (-0.006, top)], SNOW if p.snow else shade(leaf, 0.14))


def palm(p: Pen) -> None:
    leaf = mix(p.foliage, rgb("4f8a4a"), 0.5) if not p.chosen else p.main("4f8a4a")
    p.curve([(0.0, 0.0), (0.05, 0.3), (0.02, 0.56), (-0.06, 0.78)], 0.045, 0.026, rgb("8a6a48"))
    for i in range(9):
        angle = math.pi * (-0.12 + 1.24 * i / 8)
        dx, dy = math.cos(angle) * 0.4, math.sin(angle) * 0.2
        tip, mid = (-0.06 + dx, 0.74 + dy - 0.1), (-0.06 + dx * 0.55, 0.82 + dy * 0.9)
        p.blob(
            [(-0.06, 0.79), (mid[0], mid[1] + 0.03), tip, (mid[0], mid[1] - 0.035)],
            shade(leaf, -0.2 if i % 2 else 0.08),
        )
    for x in (-0.09, -0.03, -0.06):
        p.oval(x, 0.765, 0.03, 0.032, rgb("5c4028"))


def _stem(p: Pen, x: float, top: float, lean: float) -> None:
    green = rgb("4f7f3c")
    p.curve([(x, 0.0), (x + lean * 0.4, top * 0.5), (x + lean, top)], 0.014, 0.011, green)
    p.blob(
        [(x + lean * 0.3, top * 0.4), (x + 0.12, top * 0.55), (x + 0.2, top * 0.72), (x + 0.08, top * 0.62)],
        shade(green, 0.12),
    )
    p.blob(
        [(x + lean * 0.2, top * 0.28), (x - 0.12, top * 0.42), (x - 0.18, top * 0.56), (x - 0.06, top * 0.48)],
        shade(green, -0.15),
    )


def flower(p: Pen) -> None:
    """Three blooms of one kind."""
    petal = p.main(("d8453c", "e58aa8", "e8b83c", "8a62b0", "f2ede2")[p.noise.choice("petal", 5)])
    for x, y, r in ((-0.16, 0.66, 0.12), (0.17, 0.7, 0.125), (0.0, 0.86, 0.14)):
        _stem(p, x * 0.3, y, x * 0.7)
        for i in range(7):
            a = 2 * math.pi * i / 7 + x
            p.oval(
                x + math.cos(a) * r * 0.62,
                y + math.sin(a) * r * 0.55,
                r * 0.46,
                r * 0.42,
                shade(petal, -0.2 if i % 2 else 0.05),
            )
        for i in range(5):
            a = 2 * math.pi * i / 5 + 0.4
            p.oval(x + math.cos(a) * r * 0.28, y + math.sin(a) * r * 0.26, r * 0.3, r * 0.28, shade(petal, 0.16))
        p.oval(x, y, r * 0.26, r * 0.24, rgb("e8c040") if not p.noise.choice("eye", 2) else DARK)


def sunflower(p: Pen) -> None:
    petal = p.main("ecb22e")
    _stem(p, 0.0, 0.76, 0.0)
    for ring, (count, r) in enumerate(((18, 0.25), (16, 0.2))):
        for i in range(count):
            a = 2 * math.pi * (i + ring / 2) / count
            x, y = math.cos(a), math.sin(a)
            p.blob(
                [
                    (x * 0.08 - y * 0.03, 0.76 + y * 0.08 + x * 0.03),
                    (x * r * 0.8 - y * 0.035, 0.76 + y * r * 0.8 + x * 0.035),
                    (x * r, 0.76 + y * r),
                    (x * r * 0.8 + y * 0.035, 0.76 + y * r * 0.8 - x * 0.035),
                    (x * 0.08 + y * 0.03, 0.76 + y * 0.08 - x * 0.03),
                ],
                shade(petal, -0.18 if ring == 0 else 0.08),
            )
    p.oval(0, 0.76, 0.115, 0.115, rgb("5c3a1e"))
    p.oval(0, 0.765, 0.07, 0.07, rgb("3c2614"))


def mushroom(p: Pen) -> None:
    cap = p.main("c8372d")
    p.blob([(-0.14, 0.0), (-0.1, 0.3), (-0.12, 0.56), (0.12, 0.56), (0.1, 0.3), (0.14, 0.0)], rgb("f0e6d2"))
    p.blob([(-0.16, 0.44), (-0.1, 0.38), (0.1, 0.38), (0.16, 0.44), (0.0, 0.48)], rgb("ddd0b8"))
    p.blob(
        [
            (-0.5, 0.52),
            (-0.42, 0.78),
            (-0.18, 0.97),
            (0.18, 0.97),
            (0.42, 0.78),
            (0.5, 0.52),
            (0.24, 0.5),
            (0.0, 0.52),
            (-0.24, 0.5),
        ],
        cap,
    )
    for x, y, r in (
        (-0.26, 0.72, 0.07),
        (0.02, 0.84, 0.08),
        (0.27, 0.74, 0.065),
        (-0.1, 0.62, 0.05),
        (0.14, 0.61, 0.05),
        (-0.4, 0.6, 0.04),
        (0.41, 0.6, 0.035),
    ):
        p.oval(x, y, r, r * 0.75, rgb("f8f0e0"))


def cactus(p: Pen) -> None:
    green = p.main("4f7f4c")
    p.limb([(0, 0.0, 0.1), (0, 0.9, 0.095)], green)
    p.limb([(0, 0.4, 0.065), (-0.26, 0.42, 0.065), (-0.28, 0.7, 0.06)], shade(green, -0.08))
    p.limb([(0, 0.3, 0.06), (0.24, 0.34, 0.06), (0.27, 0.56, 0.055)], shade(green, 0.04))
    for x in (-0.05, 0.0, 0.05):
        p.line([(x, 0.02), (x, 0.94)], 0.008, shade(green, -0.3))
    p.oval(0.0, 0.99, 0.04, 0.03, rgb("e26a8a"))


def person(p: Pen) -> None:
    """Seen from behind, looking into the picture."""
    coat = p.main(("a83a32", "2f4f6f", "c8963c", "4a6a4c")[p.noise.choice("coat", 4)])
    hair = rgb(("3a2a22", "6a4428", "24222a")[p.noise.choice("hair", 3)])
    for x in (-0.055, 0.055):
        p.limb(
            [(x, 0.46, 0.065), (x * 1.1, 0.22, 0.05), (x * 1.2, 0.03, 0.042)],
            shade(rgb("3a3f50"), 0.04 if x > 0 else -0.1),
        )
        p.limb([(x * 1.2, 0.03, 0.045), (x * 1.6, 0.018, 0.035)], DARK)
    p.limb([(-0.13, 0.76, 0.05), (-0.19, 0.56, 0.042), (-0.17, 0.42, 0.035)], shade(coat, -0.15))
    p.limb([(0.13, 0.76, 0.05), (0.2, 0.58, 0.042), (0.18, 0.43, 0.035)], shade(coat, -0.05))
    p.blob(
        [
            (-0.15, 0.8),
            (-0.06, 0.85),
            (0.06, 0.85),
            (0.15, 0.8),
            (0.13, 0.6),
            (0.19, 0.36),
            (0.0, 0.34),
            (-0.19, 0.36),
            (-0.13, 0.6),
        ],
        coat,
    )
    p.rect(-0.035, 0.82, 0.035, 0.88, SKIN)
    p.oval(0, 0.92, 0.075, 0.085, hair)
    p.oval(0, 0.885, 0.06, 0.05, hair)
    p.blob([(-0.1, 0.85), (0.1, 0.85), (0.09, 0.8), (-0.09, 0.8)], shade(coat, -0.35))


def wizard(p: Pen) -> None:
    robe = p.main("4a3f8a")
    p.line([(0.26, 0.0), (0.24, 0.82)], 0.025, WOOD)
    p.lit_oval(0.24, 0.86, 0.045, 0.05)
    p.blob([(-0.24, 0.0), (-0.17, 0.34), (-0.12, 0.64), (0.12, 0.64), (0.17, 0.34), (0.24, 0.0)], robe)
    p.limb([(0.09, 0.58, 0.06), (0.22, 0.48, 0.055)], shade(robe, 0.12))
    p.oval(0, 0.69, 0.075, 0.08, SKIN)
    p.blob([(-0.07, 0.68), (0.07, 0.68), (0.06, 0.5), (0.0, 0.4), (-0.06, 0.5)], rgb("ece8e0"))
    p.oval(0, 0.735, 0.19, 0.035, shade(robe, -0.2))
    p.poly([(-0.1, 0.74), (0.1, 0.74), (0.03, 0.92), (-0.05, 1.0)], robe)
    p.line([(-0.09, 0.755), (0.09, 0.755)], 0.02, rgb("e0b84a"))


def astronaut(p: Pen) -> None:
    suit = p.main("eceff2")
    grey = shade(suit, -0.22)
    p.blob([(-0.2, 0.42), (-0.22, 0.74), (0.22, 0.74), (0.2, 0.42)], shade(suit, -0.4))
    for x in (-0.085, 0.085):
        p.limb([(x, 0.4, 0.085), (x * 1.25, 0.22, 0.075), (x * 1.3, 0.06, 0.075)], suit if x > 0 else grey)
        p.limb([(x * 1.3, 0.045, 0.07), (x * 1.75, 0.035, 0.055)], rgb("7a828c"))
    p.limb([(-0.16, 0.66, 0.07), (-0.27, 0.54, 0.065), (-0.27, 0.38, 0.055)], grey)
    p.limb([(0.16, 0.66, 0.07), (0.29, 0.62, 0.062), (0.33, 0.78, 0.055)], suit)
    p.oval(0.335, 0.82, 0.055, 0.055, rgb("7a828c"))
    p.blob([(-0.17, 0.72), (0.17, 0.72), (0.17, 0.5), (0.13, 0.37), (-0.13, 0.37), (-0.17, 0.5)], suit)
    p.rect(-0.08, 0.52, 0.08, 0.63, grey)
    p.rect(-0.05, 0.57, -0.01, 0.61, rgb("c8372d"))
    p.rect(0.015, 0.57, 0.055, 0.61, rgb("3b6fb8"))
    p.oval(0, 0.84, 0.165, 0.155, suit)
    p.oval(0.02, 0.835, 0.12, 0.105, rgb("26303e"))
    p.oval(0.02, 0.85, 0.105, 0.08, rgb("b88a3c"))
    p.blob([(-0.05, 0.86), (0.0, 0.91), (0.05, 0.9), (0.0, 0.87)], rgb("fff0c0"))


def robot(p: Pen) -> None:
    metal = p.main("8fa4b4")
    dark = shade(metal, -0.45)
    for x in (-0.1, 0.1):
        p.rect(x - 0.045, 0.06, x + 0.045, 0.34, dark)
        p.rect(x - 0.085, 0.0, x + 0.085, 0.08, metal)
    for x in (-0.26, 0.26):
        p.limb([(x, 0.6, 0.05), (x * 1.15, 0.44, 0.04), (x * 1.1, 0.32, 0.035)], dark)
        p.oval(x, 0.61, 0.07, 0.07, metal)
        p.oval(x * 1.1, 0.29, 0.055, 0.055, metal)
    p.rect(-0.21, 0.32, 0.21, 0.66, metal)
    p.rect(0.08, 0.32, 0.21, 0.66, shade(metal, -0.16))
    p.rect(-0.13, 0.42, 0.13, 0.58, dark)
    for i, c in enumerate(("e0503c", "e8c03c", "5ac06a")):
        p.oval(-0.07 + i * 0.07, 0.53, 0.022, 0.022, rgb(c))
    p.rect(-0.09, 0.45, 0.09, 0.48, rgb("6ad0d8"))
    p.rect(-0.05, 0.65, 0.05, 0.71, dark)
    p.rect(-0.18, 0.7, 0.18, 0.92, shade(metal, 0.1))
    p.rect(-0.14, 0.76, 0.14, 0.87, rgb("26303a"))
    for x in (-0.07, 0.07):
        p.lit_oval(x, 0.815, 0.035, 0.038)
    p.line([(0, 0.92), (0, 1.0)], 0.015, dark)
    p.lit_oval(0, 1.0, 0.024, 0.024)


def ghost(p: Pen) -> None:
    sheet = p.main("eef2f4")
    p.blob(
        [
            (-0.26, 0.04),
            (-0.28, 0.4),
            (-0.22, 0.8),
            (0.0, 0.98),
            (0.22, 0.8),
            (0.28, 0.4),
            (0.26, 0.04),
            (0.14, 0.12),
            (0.05, 0.0),
            (-0.06, 0.12),
            (-0.15, 0.0),
        ],
        sheet,
    )
    for x in (-0.09, 0.09):
        p.oval(x, 0.72, 0.04, 0.06, DARK)
    p.oval(0, 0.56, 0.035, 0.05, DARK)


def vase(p: Pen) -> None:
    """With a bouquet in it."""
    clay = p.main(("3f6f9a", "c9b48a", "8a4a3c", "e8e0d0")[p.noise.choice("clay", 4)])
    petals = ("d8453c", "e58aa8", "e8b83c", "8a62b0", "f2ede2", "e0803a")
    for i in range(11):
        a = math.pi * (0.1 + 0.8 * i / 10)
        x, y = math.cos(a) * p.number(f"r{i}", 0.2, 0.36), 0.6 + math.sin(a) * p.number(f"h{i}", 0.12, 0.32)
        p.curve([(0, 0.42), (x * 0.5, 0.56), (x, y)], 0.011, 0.008, rgb("4f7f3c"))
        p.blob([(x * 0.5, 0.52), (x * 0.9, y - 0.1), (x * 1.2, y - 0.06), (x * 0.8, 0.52)], rgb("5c8a48"))
    for i in range(11):
        a = math.pi * (0.1 + 0.8 * i / 10)
        x, y = math.cos(a) * p.number(f"r{i}", 0.2, 0.36), 0.6 + math.sin(a) * p.number(f"h{i}", 0.12, 0.32)
        c, r = rgb(petals[p.noise.choice(f"c{i}", 6)]), p.number(f"s{i}", 0.055, 0.085)
        for k in range(6):
            b = k * math.pi / 3 + i
            p.oval(
                x + math.cos(b) * r * 0.6,
                y + math.sin(b) * r * 0.6,
                r * 0.5,
                r * 0.5,
                shade(c, -0.18 if k % 2 else 0.06),
            )
        p.oval(x, y, r * 0.35, r * 0.35, shade(c, 0.35))
    p.blob(
        [
            (-0.09, 0.46),
            (-0.08, 0.4),
            (-0.17, 0.26),
            (-0.15, 0.08),
            (-0.09, 0.0),
            (0.09, 0.0),
            (0.15, 0.08),
            (0.17, 0.26),
            (0.08, 0.4),
            (0.09, 0.46),
        ],
        clay,
    )
    p.oval(0, 0.46, 0.09, 0.018, shade(clay, -0.5))
    p.blob([(-0.15, 0.27), (0.15, 0.27), (0.155, 0.21), (-0.155, 0.21)], shade(clay, 0.35))


def fruit(p: Pen) -> None:
    skin = p.main(("c23b30", "d8a03a", "8aa83c", "e0803a")[p.noise.choice("skin", 4)])
    p.blob(
        [
            (-0.46, 0.46),
            (-0.4, 0.12),
            (-0.14, 0.0),
            (0.14, 0.0),
            (0.4, 0.12),
            (0.46, 0.46),
            (0.34, 0.8),
            (0.08, 0.78),
            (-0.08, 0.78),
            (-0.34, 0.8),
        ],
        skin,
    )
    p.oval(-0.18, 0.58, 0.1, 0.12, shade(skin, 0.45))
    p.curve([(0.0, 0.76), (0.02, 0.88), (0.08, 0.98)], 0.025, 0.018, WOOD)
    p.blob([(0.05, 0.88), (0.2, 1.0), (0.34, 0.94), (0.18, 0.86)], rgb("5c8a48"))


def bottle(p: Pen) -> None:
    glass = p.main("3c5f48")
    p.blob(
        [
            (-0.12, 0.0),
            (-0.135, 0.3),
            (-0.12, 0.54),
            (-0.045, 0.68),
            (-0.04, 0.94),
            (0.04, 0.94),
            (0.045, 0.68),
            (0.12, 0.54),
            (0.135, 0.3),
            (0.12, 0.0),
        ],
        glass,
    )
    p.rect(-0.125, 0.16, 0.125, 0.4, rgb("ece0c4"))
    p.rect(-0.125, 0.32, 0.125, 0.35, rgb("a8382f"))
    p.rect(-0.045, 0.86, 0.045, 1.0, rgb("8a3030"))
    p.blob([(-0.095, 0.06), (-0.1, 0.5), (-0.075, 0.54), (-0.07, 0.06)], shade(glass, 0.5))


def candle(p: Pen) -> None:
    p.oval(0, 0.05, 0.26, 0.06, rgb("b08a4a"))
    p.rect(-0.09, 0.05, 0.09, 0.74, p.main("f2e8d0"))
    p.oval(0, 0.74, 0.09, 0.025, rgb("fff6e0"))
    p.line([(0, 0.74), (0, 0.8)], 0.014, DARK)
    p.blob([(-0.045, 0.82), (0.0, 1.0), (0.045, 0.82), (0.0, 0.77)], rgb("ffb43c"))
    p.lit_oval(0, 0.84, 0.03, 0.06)


def book(p: Pen) -> None:
    for i, c in enumerate(("3f5f80", "a8432f", "5a6a3c")):
        y, dx = i * 0.32, p.number(f"dx{i}", -0.08, 0.08)
        cover = p.main(c)
        p.rect(dx - 0.75, y, dx + 0.75, y + 0.3, cover)
        p.rect(dx - 0.66, y + 0.045, dx + 0.76, y + 0.255, rgb("f0e6d0"))
        p.rect(dx - 0.75, y, dx - 0.6, y + 0.3, shade(cover, -0.2))


def cup(p: Pen) -> None:
    clay = p.main("e6ded0")
    p.curve([(0.38, 0.66), (0.66, 0.6), (0.6, 0.3), (0.32, 0.26)], 0.045, 0.045, shade(clay, -0.15))
    p.blob([(-0.46, 0.78), (-0.42, 0.3), (-0.24, 0.04), (0.24, 0.04), (0.42, 0.3), (0.46, 0.78)], clay)
    p.oval(0, 0.78, 0.46, 0.1, shade(clay, 0.4))
    p.oval(0, 0.775, 0.4, 0.075, rgb("5a3824"))
    for x in (-0.14, 0.1):
        p.curve([(x, 0.86), (x + 0.06, 0.93), (x - 0.02, 1.0)], 0.02, 0.008, rgb("e8e8e8"))


def lantern(p: Pen) -> None:
    p.rect(-0.018, 0.0, 0.018, 0.78, DARK)
    p.rect(-0.06, 0.0, 0.06, 0.05, DARK)
    p.poly([(-0.05, 0.78), (0.05, 0.78), (0.075, 0.93), (-0.075, 0.93)], mix(p.lamp, rgb("fff8e0"), 0.5))
    p.lit_oval(0, 0.855, 0.05, 0.06)
    p.poly([(-0.09, 0.93), (0.09, 0.93), (0.0, 1.0)], p.main("2a2a32"))


def umbrella(p: Pen) -> None:
    cloth = p.main("c8372d")
    p.line([(0, 0.08), (0, 1.0)], 0.022, DARK)
    p.curve([(0.0, 0.08), (0.05, 0.0), (0.1, 0.06)], 0.015, 0.013, DARK)
    p.blob(
        [
            (-0.5, 0.56),
            (-0.38, 0.82),
            (0.0, 0.96),
            (0.38, 0.82),
            (0.5, 0.56),
            (0.34, 0.6),
            (0.17, 0.55),
            (0.0, 0.6),
            (-0.17, 0.55),
            (-0.34, 0.6),
        ],
        cloth,
    )
    p.blob([(-0.17, 0.56), (-0.12, 0.82), (0.0, 0.96), (0.12, 0.82), (0.17, 0.56), (0.0, 0.6)], shade(cloth, 0.18))


def heart(p: Pen) -> None:
    c = p.main("c8372d")
    p.blob(
        [
            (0, 0.0),
            (-0.36, 0.36),
            (-0.5, 0.68),
            (-0.34, 0.94),
            (-0.1, 0.92),
            (0, 0.76),
            (0.1, 0.92),
            (0.34, 0.94),
            (0.5, 0.68),
            (0.36, 0.36),
        ],
        c,
    )
    p.oval(-0.24, 0.72, 0.08, 0.11, shade(c, 0.45))


def crystal(p: Pen) -> None:
    c = p.main("6ab8d8")
    for x, w, h, lean in ((-0.2, 0.12, 0.62, -0.16), (0.2, 0.11, 0.55, 0.18), (0.0, 0.17, 1.0, 0.02)):
        top = [(x + lean, h), (x + w + lean * 0.7, h * 0.78), (x - w + lean * 0.7, h * 0.78)]
        p.poly([(x - w, 0), (x + w, 0), top[1], top[0], top[2]], c)
        p.poly([(x + w * 0.2, 0), (x + w, 0), top[1], top[0], (x + w * 0.2 + lean * 0.7, h * 0.74)], shade(c, -0.28))
        p.poly([(x - w, 0), (x - w * 0.4, 0), (x - w * 0.4 + lean * 0.7, h * 0.76), top[2]], shade(c, 0.4))


def planet(p: Pen) -> None:
    c = p.main(("d8a060", "b0604a", "6a9ac0", "b890c8")[p.noise.choice("planet", 4)])
    ring = mix(c, rgb("f4ead0"), 0.5)
    p.poly([(-0.86, 0.36), (-0.6, 0.52), (0.6, 0.62), (0.9, 0.7), (0.6, 0.74), (-0.5, 0.6)], shade(ring, -0.3))
    p.oval(0, 0.5, 0.42, 0.42, c)
    for i, (y, tone) in enumerate(((0.7, 0.2), (0.56, -0.14), (0.42, 0.14), (0.28, -0.2))):
        half = math.sqrt(max(0.42**2 - (y - 0.5) ** 2, 0)) * 0.98
        p.blob(
            [
                (-half, y),
                (-half * 0.3, y + 0.04),
                (half, y + 0.02),
                (half * 0.96, y - 0.03),
                (0, y - 0.035 - 0.01 * i),
                (-half * 0.96, y - 0.04),
            ],
            shade(c, tone),
        )
    p.poly([(-0.86, 0.36), (-0.62, 0.33), (0.1, 0.43), (0.9, 0.7), (0.6, 0.62), (0.0, 0.49), (-0.6, 0.42)], ring)


def orb(p: Pen) -> None:
    """A sun or a moon, for patterns; landscapes paint theirs with the sky."""
    c = p.main("f2d27a")
    for i in range(12):
        a = math.pi * i / 6
        p.poly(
            [
                (math.cos(a - 0.12) * 0.34, 0.5 + math.sin(a - 0.12) * 0.34),
                (math.cos(a + 0.12) * 0.34, 0.5 + math.sin(a + 0.12) * 0.34),
                (math.cos(a) * 0.5, 0.5 + math.sin(a) * 0.5),
            ],
            c,
        )
    p.oval(0, 0.5, 0.33, 0.33, shade(c, 0.15))

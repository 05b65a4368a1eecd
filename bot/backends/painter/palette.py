"""Light and colour: one coherent palette for each time of day, bent by weather, mood and the colours that were asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from bot.backends.painter.lexicon import Features
from bot.backends.painter.noise import Array, Noise

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def rgb(code: str) -> Array:
    """A colour (3,), 0–1, from six hexadecimal digits."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def mix(a: Array, b: Array, t: float) -> Array:
    return (a + (b - a) * np.float32(t)).astype(np.float32)


def luma(c: Array) -> float:
    return float(c @ LUMA)


#: Colours by name, as a painter would have them: none quite pure.
COLOURS = {
    "red": rgb("c8372d"), "orange": rgb("e2803a"), "yellow": rgb("edc84a"), "gold": rgb("d9a93f"), "green": rgb("4f9a57"),
    "teal": rgb("3aa6a6"), "blue": rgb("3b6fb8"), "purple": rgb("7d55a8"), "pink": rgb("e58aa8"), "brown": rgb("7f5a3c"),
    "white": rgb("f2efe6"), "black": rgb("24242a"), "grey": rgb("8d9299"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Palette:
    """`sky` runs from the zenith to the horizon. `light` and `shade` multiply local colours in and out of the sun, `haze` is what distance
    fades to, `night` (0–1) how much lamps count."""

    sky: tuple[Array, Array, Array, Array]
    sun: Array
    cloud_light: Array
    cloud_shade: Array
    light: Array
    shade: Array
    haze: Array
    water: Array
    grass: Array
    foliage: Array
    rock: Array
    sand: Array
    accent: Array
    lamp: Array
    night: float
    sun_height: float

    def local(self, c: Array, lit: float = 0.7, distance: float = 0.0) -> Array:
        """A thing's own colour as it looks here: lit 0–1, and faded by a distance of 0–1."""
        return mix(np.clip(c * mix(self.shade, self.light, lit), 0, 1), self.haze, distance)


#: time → variants: four of the sky, sun, light, shade, haze, night, sun's height over the horizon.
TIMES: dict[str, list[tuple[str, str, str, str, str, float, float]]] = {
    "dawn": [
        ("4f6c9e 93a5cc f2c3b3 fde6c4", "fff0c8", "ffe4cf", "75809f", "e6c8c0", 0.15, 0.08),
        ("5a5f98 a58fc0 f5b3b8 ffdcb8", "ffe9c0", "ffdcd0", "75709c", "e4bfc8", 0.2, 0.06),
        ("4a7f9c 8fbcc4 e9dcc0 fff0cf", "fff6d8", "fff0d8", "6e8c98", "d5d8c8", 0.1, 0.1),
    ],
    "day": [
        ("2f6cb3 5c9ad6 a6d0ec e3f1f2", "fffbe6", "fffaf0", "8496b4", "bfd6e6", 0.0, 0.4),
        ("3a86b8 6fb2d2 b5dbe0 f0f3e0", "fff8d8", "fff8e4", "8599a8", "c8dcdc", 0.0, 0.38),
        ("4472b8 84a6da c7d3ea f7ead8", "fff6da", "fff6e6", "8a8fb0", "d2d6e2", 0.0, 0.35),
    ],
    "golden": [
        ("5d86b4 a9b9c8 f2cf9a ffe6a8", "fff2bf", "ffe2a6", "7f7a86", "e9cf9f", 0.05, 0.2),
        ("6b8a9e b9bfae f4c982 ffdf92", "ffeeb0", "ffd996", "7c7468", "e8c488", 0.05, 0.17),
    ],
    "sunset": [
        ("2c3c70 85508a f0864c ffd27e", "fff0b0", "ffbe90", "58486c", "e79a72", 0.35, 0.07),
        ("37305f a3508a f57d74 ffca8c", "ffeab8", "ffb8a0", "604a74", "e89488", 0.35, 0.06),
        ("24466e 6f6f8e eb9a5a ffdd8a", "fff2b8", "ffc890", "54546c", "dda679", 0.3, 0.09),
        ("4a2b50 b1405a f26a3c ffbf5a", "ffe69a", "ffaa78", "5a3c54", "e07a52", 0.4, 0.05),
    ],
    "dusk": [
        ("151f45 34457c 7d669c eaa08c", "ffd9b0", "a89ac0", "34365a", "7b6c96", 0.7, 0.02),
        ("182a4a 2f5878 6d8a9a e6b690", "ffdcae", "9aa8be", "30405a", "6f8494", 0.7, 0.02),
        ("221a44 4d3a7c 9a5e96 f0998a", "ffd0b4", "b090b8", "3a2e58", "8a6490", 0.7, 0.01),
    ],
    "night": [
        ("050b1f 0d1b3e 1d345e 35527a", "f4f1de", "6f86b4", "1a2442", "2a4166", 1.0, 0.4),
        ("08081f 17163f 2f2a63 50487e", "f6efe0", "7d80b4", "201e44", "3c3866", 1.0, 0.42),
        ("04141f 0a2a3c 184a5c 3a6f78", "f0f3de", "6a98a8", "14303c", "28505c", 1.0, 0.38),
    ],
}  # fmt: skip


def local_colours(features: Features, noise: Noise) -> dict[str, Array]:
    """The land's own colours in its season."""
    green = [rgb("7a9a4a"), rgb("6f9454"), rgb("8c9a4c")][noise.choice("green", 3)]
    foliage = [rgb("4c7a3f"), rgb("3f6f4c"), rgb("5d7c3a")][noise.choice("leaf", 3)]
    rock = [rgb("8a8078"), rgb("7c8086"), rgb("937f70")][noise.choice("rock", 3)]
    if features.season == "autumn":
        green, foliage = rgb("a8964e"), [rgb("c4702e"), rgb("b9502c"), rgb("cf9a34")][noise.choice("leaf", 3)]
    elif features.season == "spring":
        green, foliage = rgb("8db35c"), [rgb("e6a3b6"), rgb("9abf62")][noise.choice("leaf", 2)]
    if "snow" in features.weather:
        green, foliage, rock = rgb("e8eef4"), mix(foliage, rgb("4a6470"), 0.5), mix(rock, rgb("98a4b4"), 0.4)
    if "lunar" in features.places:
        rock = green = rgb("a8a49e")
    return {"grass": green, "foliage": foliage, "rock": rock, "sand": rgb("dcb987"), "water": rgb("3f7a94")}


def default_time(features: Features, noise: Noise) -> str:
    """The hour where the prompt names none: what suits the weather and the mood."""
    if (
        "neon" in features.moods
        or {"aurora", "stars"} & set(features.weather)
        or {"moon", "ghost", "owl"} & {s.name for s in features.subjects}
    ):
        return "night"
    if "dark" in features.moods:
        return "dusk"
    if "epic" in features.moods:
        return "sunset"
    return ("day", "day", "golden", "day", "dawn")[noise.choice("hour", 5)]


def palette(features: Features, noise: Noise, shift: float = 0.0, weird: float = 0.0) -> Palette:
    """The palette of a scene. `shift` (0–1, chaos) lets hues wander, `weird` (0–1) turns them far."""
    time = features.time or default_time(features, noise)
    variants = TIMES[time]
    sky, sun, light, shade, haze, night, height = variants[noise.choice("palette", len(variants))]
    lows = [rgb(code) for code in sky.split()]
    land = local_colours(features, noise)
    base = Palette(
        sky=(lows[0], lows[1], lows[2], lows[3]),
        sun=rgb(sun),
        cloud_light=mix(rgb(sun), lows[3], 0.45),
        cloud_shade=mix(mix(lows[0], lows[2], 0.5), rgb(haze), 0.35),
        light=rgb(light),
        shade=rgb(shade),
        haze=rgb(haze),
        accent=mix(lows[2], rgb("e0603c"), 0.5),
        lamp=rgb("ffcf7a"),
        night=night,
        sun_height=height * noise.number("sun height", 0.75, 1.25),
        **land,
    )
    base = _weathered(base, features)
    base = _mooded(base, features)
    base = _tinted(base, features)
    turn = (noise.number("hue") - 0.5) * (0.05 + 0.5 * shift) + weird * noise.number("weird hue", 0.15, 0.5)
    return _turned(base, turn)


def _every(p: Palette, change: Callable[[Array], Array], names: Iterable[str] = ()) -> Palette:
    names = tuple(names) or (
        "sun",
        "cloud_light",
        "cloud_shade",
        "haze",
        "water",
        "grass",
        "foliage",
        "rock",
        "sand",
        "accent",
        "light",
        "shade",
    )
    sky = tuple(change(c) for c in p.sky)
    return replace(p, sky=sky, **{name: change(getattr(p, name)) for name in names})


def _weathered(p: Palette, features: Features) -> Palette:
    weather = set(features.weather)
    grey = (
        0.75
        if "storm" in weather
        else 0.5
        if weather & {"rain", "cloudy"}
        else 0.35
        if weather & {"fog", "snow"}
        else 0.0
    )
    if not grey:
        return p
    dark = 0.62 if "storm" in weather else 0.9 if "rain" in weather else 1.0

    def flat(c: Array) -> Array:
        tone = np.full(3, luma(c), np.float32) * mix(rgb("e4ecf6"), rgb("ffffff"), 0.4)
        return mix(c, tone, grey) * np.float32(dark)

    p = _every(p, flat, ("cloud_light", "cloud_shade", "haze", "water"))
    return replace(p, light=mix(p.light, np.full(3, luma(p.light), np.float32), grey) * np.float32(0.6 + 0.4 * dark))


def _mooded(p: Palette, features: Features) -> Palette:
    for mood in features.moods:
        match mood:
            case "neon":
                night = (rgb("0b0620"), rgb("24104a"), rgb("6a1f7a"), rgb("e0468f"))
                p = replace(
                    p,
                    sky=_four(mix(a, b, 0.75) for a, b in zip(p.sky, night, strict=True)),
                    haze=mix(p.haze, rgb("7a2f8a"), 0.6),
                    light=mix(p.light, rgb("b884e0"), 0.4),
                    lamp=rgb("ff4fb0"),
                    accent=rgb("2fe0e8"),
                    night=max(p.night, 0.9),
                    cloud_light=mix(p.cloud_light, rgb("f060a8"), 0.5),
                    cloud_shade=mix(p.cloud_shade, rgb("2c1858"), 0.6),
                    water=rgb("3a3478"),
                )
            case "pastel":
                p = _every(p, lambda c: mix(mix(c, np.full(3, luma(c), np.float32), 0.15), rgb("fdf3ee"), 0.35))
            case "vivid":
                p = _every(p, lambda c: np.clip(luma(c) + (c - luma(c)) * np.float32(1.45), 0, 1))
            case "dark":
                p = _every(p, lambda c: mix(c, rgb("0c1018"), 0.35) * np.float32(0.9))
            case "epic":
                p = _every(p, lambda c: np.clip((c - np.float32(0.5)) * np.float32(1.15) + np.float32(0.5), 0, 1))
            case _:
                pass
    return p


def _four(colours: Iterable[Array]) -> tuple[Array, Array, Array, Array]:
    a, b, c, d = colours
    return a, b, c, d


def toned(c: Array, tint: Array, amount: float) -> Array:
    """`c` drawn towards the hue of `tint`, keeping most of its lightness."""
    target = tint * np.float32(luma(c) / max(luma(tint), 0.08))
    return np.clip(mix(c, mix(np.clip(target, 0, 1), tint, 0.25), amount), 0, 1)


def _tinted(p: Palette, features: Features) -> Palette:
    for place, name in enumerate(features.tints):
        tint, amount = COLOURS[name], 0.5 if place == 0 else 0.35
        names = (
            ("cloud_light", "cloud_shade", "haze", "water", "light", "accent")
            if place % 2 == 0
            else ("accent", "foliage", "grass", "water")
        )
        p = _every(p, lambda c, t=tint, a=amount: toned(c, t, a), names) if place % 2 == 0 else replace(
            p, **{n: toned(getattr(p, n), tint, 0.6) for n in names})  # fmt: skip
    for element, name in features.elements.items():
        tint = COLOURS[name]
        match element:
            case "sky":
                p = replace(p, sky=_four(toned(c, tint, 0.8) for c in p.sky), cloud_light=toned(p.cloud_light, tint, 0.45),
                            cloud_shade=toned(p.cloud_shade, tint, 0.65), haze=toned(p.haze, tint, 0.5))  # fmt: skip
            case "water":
                p = replace(p, water=mix(p.water, tint, 0.85))
            case "ground":
                p = replace(p, grass=mix(p.grass, tint, 0.8), sand=mix(p.sand, tint, 0.7))
            case "trees":
                p = replace(p, foliage=mix(p.foliage, tint, 0.8))
            case "hills":
                p = replace(p, rock=mix(p.rock, tint, 0.7))
            case "clouds":
                p = replace(p, cloud_light=mix(p.cloud_light, tint, 0.7), cloud_shade=toned(p.cloud_shade, tint, 0.7))
            case _:
                p = replace(p, lamp=mix(p.lamp, tint, 0.8))
    return p


def _turned(p: Palette, turn: float) -> Palette:
    """All hues turned by a part of the circle, by a rotation around the grey axis."""
    angle = turn * 2 * np.pi
    c, s = float(np.cos(angle)), float(np.sin(angle)) / np.sqrt(3)
    third = (1 - c) / 3
    matrix = np.array(
        [[c + third, third - s, third + s], [third + s, c + third, third - s], [third - s, third + s, c + third]],
        np.float32,
    )
    return _every(p, lambda x: np.clip(matrix @ x, 0, 1))

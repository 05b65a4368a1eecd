"""Joins without a seam: a picture laid onto a larger one, or another into a part of it, to the pixel outside of what is new."""

import numpy as np
from PIL import Image

from bot.backends.base import Frame
from bot.backends.painter.canvas import blurred, boxed
from bot.backends.painter.noise import Array, counted, smoothstep

#: How far from an edge the difference along it is smoothed over so many pixels: (distance, radius).
Levels = tuple[tuple[int, int], ...]
LEVELS: Levels = ((0, 0), (3, 1), (8, 4), (24, 12), (64, 40))
GROWN_LEVELS: Levels = ((0, 6), (24, 16), (64, 40))
ALIKE = 0.12  # of a channel: what can be the same thing, painted again


def fresh(frame: Frame, width: int, height: int) -> tuple[int, int, int, int]:
    """What is to be painted of a canvas around a frame: left, top, right, bottom of all that is new, and of a little of the old."""
    right, bottom = frame.left + frame.width, frame.top + frame.height
    sides = frame.left > 0, frame.top > 0, right < width, bottom < height
    if sides.count(True) != 1 or sides[3]:  # water mirrors what stands above it
        return 0, 0, width, height
    # Whatever the painting does with its surroundings, it does within this many pixels.
    reach = max(width, height) // 12
    return (
        max(right - reach, 0) if sides[2] else 0,
        0,
        min(frame.left + reach, width) if sides[0] else width,
        min(frame.top + reach, height) if sides[1] else height,
    )


def surrounded(mask: Array) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is set in a mask, of a little around it and of all above it, which water may mirror."""
    ys, xs = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    height, width = mask.shape
    reach = max(width, height) // 12
    return (
        max(int(xs[0]) - reach, 0),
        0,
        min(int(xs[-1]) + 1 + reach, width),
        min(int(ys[-1]) + 1 + reach, height),
    )


def outset(planes: Array, parent: Array, left: int, top: int, *, grown: bool = False) -> Array:
    """A canvas with the parent laid in at (left, top), to the pixel; around it the difference along its edge is carried outwards and
    fades, so that nothing jumps there. The difference is to the painting of the same place; with `grown`, where that is the parent itself,
    to what lies next to it, and then only in the mean. Changes `planes`."""
    h, w = parent.shape[1:]
    right, bottom = left + w, top + h
    down, across = slice(top, bottom), slice(left, right)
    levels, deep, reach = (GROWN_LEVELS, 5, max(h, w) // 4) if grown else (LEVELS, 2, max(h, w) // 8)
    reach = max(reach, 8)
    if grown:
        under = (
            planes[:, max(top - deep, 0) : max(top, 1), across],
            planes[:, bottom - (bottom == planes.shape[1]) :][:, :deep, across],
        )
        aside = (
            planes[:, down, max(left - deep, 0) : max(left, 1)],
            planes[:, down, right - (right == planes.shape[2]) :][:, :, :deep],
        )
    else:
        under = planes[:, top : top + deep, across], planes[:, bottom - deep : bottom, across]
        aside = planes[:, down, left : left + deep], planes[:, down, right - deep : right]
    north, south = (
        _profile(parent[:, rows], other, 1)
        for rows, other in zip((slice(deep), slice(-deep, None)), under, strict=True)
    )
    west, east = (
        _profile(parent[:, :, columns], other, 2)
        for columns, other in zip((slice(deep), slice(-deep, None)), aside, strict=True)
    )
    north, south, west, east = (_levels(profile, levels) for profile in (north, south, west, east))
    mixture = _mixture(reach, levels)
    # Every band is seen as lying above the picture, its first row next to it.
    bands = (
        (planes[:, :top][:, ::-1, across], north),
        (planes[:, top + h :][:, :, across], south),
        (planes[:, :, :left][:, down, ::-1].swapaxes(1, 2), west),
        (planes[:, :, left + w :][:, down].swapaxes(1, 2), east),
    )
    for whole, profile in bands:
        band = whole[:, :reach]
        band += _carried(profile, mixture[: band.shape[1]], reach)
        np.clip(band, 0, 1, out=band)
    corners = (
        (planes[:, :top, :left][:, ::-1, ::-1], (north, 0), (west, 0)),
        (planes[:, :top, left + w :][:, ::-1], (north, -1), (east, 0)),
        (planes[:, top + h :, :left][:, :, ::-1], (south, 0), (west, -1)),
        (planes[:, top + h :, left + w :], (south, -1), (east, -1)),
    )
    for whole, above, beside in corners:
        corner = whole[:, :reach, :reach]
        corner += _cornered(_end(*above, mixture), _end(*beside, mixture), corner.shape[1:], reach)
        np.clip(corner, 0, 1, out=corner)
    planes[:, down, across] = parent
    return planes


def _fade(distance: Array, reach: int) -> Array:
    return (np.clip(1 - distance / reach, 0, 1) ** 2).astype(np.float32)


def _profile(inside: Array, other: Array, axis: int) -> Array:
    """The mean difference across an edge, for each place along it: (3, length)."""
    return np.asarray(inside.mean(axis=axis) - other.mean(axis=axis), np.float32)


def _levels(profile: Array, levels: Levels) -> Array:
    """A profile smoothed ever more: (levels, 3, length)."""
    return np.stack([_smoothed(profile, radius) for _, radius in levels])


def _mixture(rows: int, levels: Levels) -> Array:
    """How much of each level counts at each distance: (rows, levels)."""
    distance, places = counted(rows).astype(np.float32), np.array([at for at, _ in levels], np.float32)
    columns = [np.interp(distance, places, row) for row in np.eye(len(levels))]
    return np.stack(columns, axis=1).astype(np.float32)


def _carried(profile: Array, mixture: Array, reach: int) -> Array:
    """The difference along an edge, for so many rows beyond it: (3, rows, length)."""
    table = mixture * _fade(counted(len(mixture)), reach)[:, None]
    return (table @ profile.reshape(len(profile), -1)).reshape(len(mixture), *profile.shape[1:]).swapaxes(0, 1)


def _end(profile: Array, end: int, mixture: Array) -> Array:
    """The difference at an end of an edge, by distance: (3, reach)."""
    return (mixture @ profile[:, :, end]).T


def _smoothed(profile: Array, radius: int) -> Array:
    radius = min(radius, profile.shape[1] - 1)
    return boxed(boxed(profile, radius, -1), radius, -1)


def _cornered(above: Array, beside: Array, shape: tuple[int, ...], reach: int) -> Array:
    """What is carried beyond a corner: of the edge that is nearer, more."""
    y, x = counted(shape[0])[:, None] + 0.5, counted(shape[1])[None, :] + 0.5
    share = (x / (x + y)).astype(np.float32)
    distance = np.hypot(x, y)
    at = np.minimum(distance.astype(np.int64), reach - 1)
    return (beside[:, at] * share + above[:, at] * (1 - share)) * _fade(distance, reach)


def inset(parent: Array, planes: Array, mask: Array) -> Array:
    """The parent with `planes` where the mask (0 or 1) is set: outside exactly the parent, inside a soft transition."""
    inside = mask > 0.5
    # Where the two show different things along the edge, their difference is no matter of tone.
    alike = np.abs(parent - planes).max(axis=0) < ALIKE
    known = ((1 - mask) * alike).astype(np.float32)
    near = np.clip(blurred(known, max(max(mask.shape) / 24, 2)) * 2, 0, 1)
    matched = planes + membrane((parent - planes) * known[None], known) * near[None]
    core = smoothstep(0.5, 0.95, blurred(mask, max(min(mask.shape) / 90, 1.5))) * inside
    return np.where(inside[None], parent + (np.clip(matched, 0, 1) - parent) * core[None], parent)


def membrane(values: Array, known: Array) -> Array:
    """Planes (n, height, width) with what is 0 in `known` filled smoothly from around: means of ever larger cells, joined."""
    height, width = known.shape
    if max(height, width) <= 2 or known.all():
        mean = (values * known).sum(axis=(1, 2)) / max(float(known.sum()), 1e-6)
        return np.where(known > 0, values, mean[:, None, None]).astype(np.float32)
    counts = halved(known[None])[0]
    coarse = halved(values * known) / np.maximum(counts, np.float32(1e-6))
    rough = membrane(coarse, (counts > 0).astype(np.float32))
    return np.where(known > 0, values, resized(rough, known.shape))


def halved(planes: Array) -> Array:
    """The means of 2 × 2 pixels; an odd last row or column stands twice."""
    height, width = planes.shape[1:]
    if height % 2 or width % 2:
        planes = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    pairs = planes[:, 0::2] + planes[:, 1::2]
    return np.asarray((pairs[:, :, 0::2] + pairs[:, :, 1::2]) * np.float32(0.25), np.float32)


def resized(planes: Array, shape: tuple[int, ...]) -> Array:
    """Planes at this height and width, bilinear."""
    size = shape[1], shape[0]
    return np.stack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(p, np.float32)).resize(size, Image.Resampling.BILINEAR))
            for p in planes
        ]
    )

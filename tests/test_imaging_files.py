"""Files from outside: told by their bytes, refused before they hurt, brought into one shape; and what is written into those we post."""

import contextlib
import io
import json
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from bot import imaging
from bot.errors import FetchError
from bot.imaging.info import broken_files, open_pixels

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


def encoded(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    rng = np.random.default_rng(7)
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": Image.Exif()}])
@pytest.mark.parametrize("kind", FORMATS)
def test_the_bytes_tell_the_format_and_the_name_does_not(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    info = imaging.sniff(written(tmp_path / "lie.txt", encoded(kind, **options)))
    assert (info.format, info.media_type, info.size) == (kind, FORMATS[kind], (40, 30))
    assert info.suffix == {"JPEG": ".jpg"}.get(kind, f".{kind.lower()}")


def test_a_webp_with_an_extended_header_tells_its_size(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (321, 123), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:])
    assert imaging.sniff(tmp_path / "a.webp").size == (321, 123)


def test_a_jpeg_size_is_found_behind_long_segments_and_fill_bytes(tmp_path: Path) -> None:
    data = encoded("JPEG")
    segment = b"\xff\xe5" + struct.pack(">H", 65535) + b"\xff" * 65533
    assert imaging.sniff(written(tmp_path / "a.jpg", data[:2] + segment * 3 + b"\xff\xff" + data[2:])).size == (40, 30)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"GIF89a",
        b"<svg/>",
        b"BM" + b"\0" * 60,
    ],
)
def test_what_is_no_picture_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FetchError, match="not a PNG, JPEG, WebP or GIF"):
        imaging.sniff(written(tmp_path / "a.png", data))


def test_a_jpeg_without_a_height_is_refused(tmp_path: Path) -> None:
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 7] = b"\0\0"
    with pytest.raises(FetchError):
        imaging.sniff(written(tmp_path / "a.jpg", bytes(data)))


def png_bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it has `side` x `side` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


def bombs() -> dict[str, bytes]:
    jpeg, gif = bytearray(encoded("JPEG")), bytearray(encoded("GIF"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff" * 4
    gif[6:10] = b"\xff" * 4
    webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\x00" * 2
    return {"png": png_bomb(60_000), "jpeg": bytes(jpeg), "gif": bytes(gif), "webp": webp}


@pytest.mark.parametrize("kind", bombs())
def test_a_bomb_is_refused_before_anything_is_decoded(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "bomb", bombs()[kind])
    monkeypatch.setattr(Image, "open", None)
    for function in (imaging.encode_tile, imaging.preview):
        with pytest.raises(FetchError, match="too large"):
            function(path, tmp_path / "out")
    with pytest.raises(FetchError, match="too large"):
        imaging.normalise(path, tmp_path / "out.png", 100)


def test_a_file_that_tells_two_sizes_is_refused_by_the_larger(tmp_path: Path) -> None:
    small, large = encoded("JPEG"), encoded("JPEG", (400, 300))
    frame = large[large.index(b"\xff\xc0") :][: 2 + 17]
    at = small.index(b"\xff\xc0")
    path = written(tmp_path / "two.jpg", small[: at + 19] + frame + small[at + 19 :])
    with pytest.raises(FetchError):
        open_pixels(path, max_pixels=2000)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_short_is_refused(tmp_path: Path, kind: str) -> None:
    data = encoded(kind, (200, 200))
    path = written(tmp_path / "cut", data[: len(data) // 2])
    with pytest.raises(FetchError, match=r"damaged"):
        imaging.encode_tile(path, tmp_path / "out.jpg")


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(FORMATS)))
def test_damaged_files_end_in_a_picture_or_in_a_sentence(data: st.DataObject, kind: str) -> None:
    damaged = bytearray(encoded(kind, (24, 16)))
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=6)):
        damaged[at] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    with tempfile.TemporaryDirectory() as name:
        path = written(Path(name) / "damaged", bytes(damaged))
        for function in (
            lambda: imaging.normalise(path, Path(name) / "out.png", 64, max_pixels=100_000),
            lambda: imaging.annotate(path, Path(name) / "named", {"prompt": "a cat"}),
            lambda: imaging.read_info(path),
            lambda: imaging.cut(path, 0, 2, 2, Path(name) / "cut.jpg"),
        ):
            with contextlib.suppress(FetchError):
                function()


def test_errors_of_writing_are_not_called_a_damaged_picture(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", encoded("PNG"))
    with pytest.raises(FileNotFoundError):
        imaging.encode_tile(path, tmp_path / "nowhere" / "out.jpg")
    with pytest.raises(FetchError), broken_files():
        raise Image.DecompressionBombError


# normalise


def test_an_upright_picture_comes_of_a_turned_one(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned clockwise
    exif[ExifTags.Base.Artist] = "someone"
    image = Image.new("RGB", (60, 20), "red")
    image.paste("blue", (0, 0, 30, 20))
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert imaging.normalise(tmp_path / "turned.jpg", tmp_path / "out.jpg", 100) == (20, 60)
    out = opened(tmp_path / "out.jpg")
    assert np.asarray(out)[5, 10, 2] > 200 > 50 > np.asarray(out)[5, 10, 0]
    assert not out.getexif()


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "moving", kind, save_all=True, append_images=frames[1:], lossless=True)
    imaging.normalise(tmp_path / "moving", tmp_path / "still.png", 100)
    assert np.asarray(opened(tmp_path / "still.png").convert("RGB"))[16, 16].tolist() == [255, 0, 0]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=95)
    imaging.normalise(tmp_path / "print.jpg", tmp_path / "out.png", 100)
    out = opened(tmp_path / "out.png")
    red, green, blue = np.asarray(out)[8, 8]
    assert out.mode == "RGB"
    assert red > 200 > 60 > max(green, blue)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 0x8000, dtype=np.uint16)).save(tmp_path / "deep.png")
    imaging.normalise(tmp_path / "deep.png", tmp_path / "out.png", 100)
    assert np.asarray(opened(tmp_path / "out.png"))[0, 0].tolist() == [128, 128, 128]


@pytest.mark.parametrize("mode", ["P", "L", "1", "LA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (16, 16), "white").convert(mode).save(tmp_path / "in.png")
    imaging.normalise(tmp_path / "in.png", tmp_path / "out.png", 100)
    out = opened(tmp_path / "out.png")
    assert out.mode == ("RGBA" if mode == "LA" else "RGB")
    assert np.asarray(out).min() == 255


def test_a_palette_with_a_clear_colour_keeps_it_clear(tmp_path: Path) -> None:
    image = Image.new("P", (16, 16), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(1, (8, 0, 16, 16))
    image.save(tmp_path / "in.png", transparency=0)
    imaging.normalise(tmp_path / "in.png", tmp_path / "out.png", 100)
    out = np.asarray(opened(tmp_path / "out.png"))
    assert out[0, 0, 3] == 0
    assert out[0, 12].tolist() == [0, 255, 0, 255]
    imaging.normalise(tmp_path / "in.png", tmp_path / "out.jpg", 100)
    assert np.asarray(opened(tmp_path / "out.jpg"))[0, 0].min() > 240


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(tmp_path: Path) -> None:
    image = Image.new("RGB", (16, 16), (10, 200, 30))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    for number, profile in enumerate([srgb.tobytes(), lab.tobytes(), b"nonsense"]):
        image.save(tmp_path / f"{number}.png", icc_profile=profile)
        imaging.normalise(tmp_path / f"{number}.png", tmp_path / "out.png", 100)
        out = opened(tmp_path / "out.png")
        assert np.abs(np.asarray(out)[0, 0].astype(int) - (10, 200, 30)).max() <= 1
        assert "icc_profile" not in out.info


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_no_side_stays_over_the_limit(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / "in", encoded("JPEG", (800, 200)))
    assert imaging.normalise(path, tmp_path / f"out{suffix}", 100) == (100, 25)


# annotate

INFO = {
    "prompt": "un niño con “comillas”, 猫",
    "negative_prompt": "rain",
    "seed": "42",
    "size": "40x30",
    "model": "a, b",
    "job": "abc123",
}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {"quality": 80}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_what_is_written_in_is_read_back_and_no_pixel_changes(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    source, target = written(tmp_path / "in", encoded(kind, **options)), tmp_path / "out"
    assert imaging.read_info(source) == {}
    imaging.annotate(source, target, INFO)
    assert imaging.read_info(target) == INFO
    assert np.array_equal(np.asarray(opened(source)), np.asarray(opened(target)))
    imaging.annotate(target, tmp_path / "again", {"prompt": "other"})
    assert imaging.read_info(tmp_path / "again") == {"prompt": "other"}
    assert np.array_equal(np.asarray(opened(source)), np.asarray(opened(tmp_path / "again")))


@pytest.mark.parametrize("lossless", [True, False])
def test_a_transparent_webp_stays_transparent(tmp_path: Path, lossless: bool) -> None:
    Image.new("RGBA", (33, 21), (255, 0, 0, 100)).save(tmp_path / "in.webp", lossless=lossless)
    imaging.annotate(tmp_path / "in.webp", tmp_path / "out.webp", INFO)
    assert np.array_equal(np.asarray(opened(tmp_path / "in.webp")), np.asarray(opened(tmp_path / "out.webp")))
    assert imaging.read_info(tmp_path / "out.webp") == INFO


def test_other_tools_find_the_parameters_where_they_look(tmp_path: Path) -> None:
    text = 'un niño con “comillas”, 猫\nNegative prompt: rain\nSeed: 42, Size: 40x30, Model: "a, b", Job: abc123'
    assert imaging.parameters_text(INFO) == text
    png = written(tmp_path / "in.png", encoded("PNG"))
    imaging.annotate(png, tmp_path / "out.png", INFO)
    found = opened(tmp_path / "out.png").info
    assert found["parameters"] == text
    assert json.loads(found["lienzo"]) == INFO
    imaging.annotate(written(tmp_path / "in.jpg", encoded("JPEG")), tmp_path / "out.jpg", INFO)
    fields = opened(tmp_path / "out.jpg").getexif().get_ifd(ExifTags.IFD.Exif)
    assert fields[ExifTags.Base.UserComment] == b"UNICODE\0" + text.encode("utf-16-be")


def test_texts_of_the_backend_give_way_and_its_exif_stays(tmp_path: Path) -> None:
    old = PngInfo()
    old.add_text("parameters", "theirs")
    old.add_itxt("workflow", "kept")
    imaging.annotate(
        written(tmp_path / "in.png", encoded("PNG", pnginfo=old)), tmp_path / "out.png", {"prompt": "ours"}
    )
    found = opened(tmp_path / "out.png").info
    assert (found["parameters"], found["workflow"]) == ("ours", "kept")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    imaging.annotate(written(tmp_path / "in.jpg", encoded("JPEG", exif=exif)), tmp_path / "out.jpg", {"prompt": "ours"})
    assert opened(tmp_path / "out.jpg").getexif()[ExifTags.Base.Orientation] == 6


def test_a_spliced_grid_can_be_annotated(tmp_path: Path) -> None:
    source = written(tmp_path / "in.png", encoded("PNG", (32, 32)))
    imaging.encode_tile(source, tmp_path / "tile.jpg")
    imaging.splice([tmp_path / "tile.jpg"] * 4, tmp_path / "grid.jpg")
    imaging.annotate(tmp_path / "grid.jpg", tmp_path / "out.jpg", INFO)
    assert imaging.read_info(tmp_path / "out.jpg") == INFO
    assert imaging.cut(tmp_path / "out.jpg", 0, 2, 2, tmp_path / "cut.jpg") == (32, 32)


def test_the_longest_prompt_fits_into_every_format(tmp_path: Path) -> None:
    info = {"prompt": "猫" * 6000, "seed": "1"}
    for kind in ("PNG", "JPEG", "WEBP"):
        imaging.annotate(written(tmp_path / "in", encoded(kind)), tmp_path / "out", info)
        assert imaging.read_info(tmp_path / "out") == info


def test_a_gif_is_copied_and_foreign_texts_are_not_taken_for_ours(tmp_path: Path) -> None:
    gif = written(tmp_path / "in.gif", encoded("GIF"))
    imaging.annotate(gif, tmp_path / "out.gif", INFO)
    assert (tmp_path / "out.gif").read_bytes() == gif.read_bytes()
    assert imaging.read_info(tmp_path / "out.gif") == {}
    for text in ("not json", "[1]", "null", "[" * 100_000):
        other = PngInfo()
        other.add_text("lienzo", text)
        assert imaging.read_info(written(tmp_path / "x.png", encoded("PNG", pnginfo=other))) == {}

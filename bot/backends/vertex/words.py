"""What Gemini is told of a request: its images in their order, and an instruction in words that names them by number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.backends.base import Edit, InputImage, Operation, Request, Role

SUBTLE = 0.5  # below this strength a variation keeps its picture's composition
DESCRIPTIONS = 4
DESCRIBE = (
    f"Write {DESCRIPTIONS} different prompts with which an image generator would make a picture like this one. Each is one line of 20 to "
    "60 words: the subject, the setting, the composition, the light, the colours, the medium and the style."
)
SEAMLESS = "Make it a pattern whose opposite edges continue each other, so that it repeats without seams."
#: What a guest image is for, and the parameter that says how much of it, with that parameter's usual value.
GUESTS: Mapping[Role, tuple[str, str, float]] = {
    Role.PROMPT: ("Take image {number} {degree}as an inspiration for subject, composition and mood.", "iw", 1),
    Role.STYLE: ("Follow {degree}the style of image {number}: its medium, palette and light, not what it shows.", "sw", 100),
    Role.CHARACTER: ("The character of image {number} appears, and is {degree}recognisable as the same one.", "cw", 100),
    Role.OBJECT: ("The object of image {number} appears, and is {degree}recognisable as the same one.", "ow", 100),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    images: tuple[Path, ...]
    text: str


def told(request: Request, initial: Path | None = None, mask: Path | None = None) -> Told:
    """`initial` and `mask` are those of the request in the form in which they are sent."""
    first = [path for path in (initial, mask) if path is not None]
    guests = [image for image in request.images if image.role is not Role.INITIAL]
    sentences = [
        _task(request),
        _emphasis(request),
        *_guests(request, guests, len(first) + 1),
        _unwanted(request),
        SEAMLESS if request.parameters.get("tile") else "",
    ]
    text = "\n".join(filter(None, sentences)) or "Make a picture out of these images."
    return Told((*first, *(guest.path for guest in guests)), text)


def _task(request: Request) -> str:
    text = request.text
    match request.operation:
        case Operation.VARY:
            return _led(_varied(request.strength), text)
        case Operation.INPAINT:
            return (
                "Image 2 is a mask of image 1. Paint image 1 anew where the mask is white, as a natural continuation of what "
                f"surrounds it, and leave everything else exactly as and where it is. {_led('The whole picture', text)}"
            )
        case Operation.BLEND:
            return _led("Blend all these images into a single coherent picture", text)
        case Operation.EDIT:
            return _edit(request, text)
        case _:
            return text


def _varied(strength: float) -> str:
    if strength < SUBTLE:
        return "Make a subtle variation of image 1: keep its composition, subject and style, and change the details"
    return "Make a bold variation of image 1: keep its idea and style, and find another composition"


def _edit(request: Request, text: str) -> str:
    match request.edit:
        case Edit.COLOURISE:
            return _led("Colourise image 1 in natural colours and change nothing else", text)
        case Edit.RESTYLE:
            return _led("Paint what image 1 shows anew, composed as it is, in this style", text)
        case Edit.REPLACE:
            return f"In image 1, replace {request.search} by {text}. Leave everything else exactly as and where it is."
        case _:
            return text


def _led(beginning: str, text: str) -> str:
    return f"{beginning}: {text}" if text else f"{beginning}."


def _emphasis(request: Request) -> str:
    """Weights, which it has no field for, as shares."""
    parts = [part for part in request.parts if part.weight > 0]
    if len({part.weight for part in parts}) < 2:
        return ""
    whole = sum(part.weight for part in parts)
    shares = ", ".join(f"“{part.text}” {part.weight / whole:.0%}" for part in parts)
    return f"Emphasis: {shares}."


def _guests(request: Request, guests: Sequence[InputImage], first: int) -> list[str]:
    """What each is for; those of a blend are all for the same."""
    blended = Role.PROMPT if request.operation is Operation.BLEND else None
    numbered = enumerate(guests, start=first)
    return [_guest(request, guest.role, number) for number, guest in numbered if guest.role is not blended]


def _guest(request: Request, role: Role, number: int) -> str:
    sentence, name, usual = GUESTS.get(role, GUESTS[Role.PROMPT])
    share = float(request.parameters.get(name, usual)) / usual
    degree = "loosely " if share < 0.6 else "closely " if share > 1.5 else ""
    return sentence.format(number=number, degree=degree)


def _unwanted(request: Request) -> str:
    words = [*request.negative, *(part.text for part in request.parts if part.weight < 0)]
    return f"Leave out: {', '.join(words)}." if words else ""

"""Which of Midjourney's buttons does what is asked. Their ids are never built: those that the task showed are looked through."""

from dataclasses import dataclass

from bot.backends.base import Frame, Operation, Request
from bot.backends.mjproxy.answers import Memo
from bot.backends.mjproxy.words import ratio

SUBTLE = 0.5  # the strength under which a variation is a subtle one
SUBTLE_UPSCALE = 0.35
CLOSE = 0.04  # of a factor
CUSTOM_ZOOM = r"MJ::CustomZoom::"


@dataclass(frozen=True, slots=True)
class Move:
    """Buttons that will do, the best first. `added` goes after the prompt in the window that the button opens, if it does."""

    patterns: tuple[str, ...]
    added: str = ""


def in_grid(request: Request, memo: Memo) -> str | None:
    """The button under the grid itself, where one is enough: a strong variation of one of the pictures."""
    if request.operation is not Operation.VARY or request.strength < SUBTLE or not memo.tile:
        return None
    return memo.button(rf"MJ::JOB::variation::{memo.tile}::")


def alone(request: Request) -> Move | None:
    """The button under a single picture."""
    match request.operation:
        case Operation.VARY:
            weak = request.strength < SUBTLE
            return Move(
                (r"MJ::JOB::low_variation::",) if weak else (r"MJ::JOB::high_variation::", r"MJ::JOB::variation::")
            )
        case Operation.UPSCALE:
            kind = "subtle" if request.strength < SUBTLE_UPSCALE else "creative"
            factor = "4x" if request.factor > 3 else "2x"
            return Move((rf"MJ::JOB::upsample_\w+_{kind}::", rf"MJ::JOB::upsample_\w+_{factor}::"))
        case Operation.INPAINT:
            return Move((r"MJ::Inpaint::",))
        case Operation.OUTPAINT if request.frame is not None:
            return _extension(request, request.frame)
        case _:
            return None


def _extension(request: Request, frame: Frame) -> Move:
    """A pan where the picture lies at an edge, a square, or a zoom, of which two have buttons of their own."""
    across, down = request.width / frame.width, request.height / frame.height
    if (side := _side(request, frame, across, down)) is not None:
        return Move((rf"MJ::JOB::pan_{side}::",))
    factor = min(2.0, max(across, down)) if min(across, down) > 1 + CLOSE else 1.0
    same = abs(across - down) <= CLOSE
    shape = "" if same else f" --ar {ratio(request.width, request.height)}"
    custom = Move((CUSTOM_ZOOM,), f"{shape} --zoom {factor:.3g}")
    if same and abs(factor - 2) <= CLOSE:
        return Move((r"MJ::Outpaint::50::", *custom.patterns), custom.added)
    if same and abs(factor - 1.5) <= CLOSE:
        return Move((r"MJ::Outpaint::75::", *custom.patterns), custom.added)
    if factor == 1 and abs(request.width / request.height - 1) <= CLOSE:
        return Move((r"MJ::Outpaint::100::", *custom.patterns), custom.added)
    return custom


def _side(request: Request, frame: Frame, across: float, down: float) -> str | None:
    """Where the canvas grows, if that is on one side alone."""
    right, bottom = request.width - frame.width - frame.left, request.height - frame.height - frame.top
    if down <= 1 + CLOSE < across and min(frame.left, right) <= CLOSE * frame.width:
        return "left" if frame.left > right else "right"
    if across <= 1 + CLOSE < down and min(frame.top, bottom) <= CLOSE * frame.height:
        return "up" if frame.top > bottom else "down"
    return None

"""Schedulers by the names that people know them by. Which of them suit a model, its own scheduler says.

Names and settings: the table "Schedulers" of the diffusers documentation.
"""

from collections.abc import Collection, Mapping
from typing import Any

KARRAS: Mapping[str, Any] = {"use_karras_sigmas": True}
SDE: Mapping[str, Any] = {"algorithm_type": "sde-dpmsolver++"}

#: The class in `diffusers`, and what it is told beside the model's own configuration.
SAMPLERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", KARRAS),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", {**KARRAS, **SDE}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "DEIS": ("DEISMultistepScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),  # else it makes twelve steps before the first
    "UniPC": ("UniPCMultistepScheduler", {}),
}


def suitable(compatible: Collection[str]) -> tuple[str, ...]:
    """The names of those whose class is among these."""
    return tuple(name for name, (kind, _) in SAMPLERS.items() if kind in compatible)

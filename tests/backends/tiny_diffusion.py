"""A diffusion model of 5 MB with random weights, built in a second: it paints nothing but noise, with all that a real one goes through."""

import atexit
import importlib.util
import json
import shutil
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ABSENT = None if importlib.util.find_spec("torch") else "torch is not installed"
TOKENS = 77


@cache
def tiny() -> Path:
    """Its folder, as one would download it. It is there until the process ends."""
    folder = tempfile.mkdtemp(prefix="tiny-diffusion-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "tiny"
    pipeline().save_pretrained(path)
    return path


def pipeline() -> Any:
    """`StableDiffusionPipeline`, without a safety checker."""
    torch, diffusers, transformers = (import_module(name) for name in ("torch", "diffusers", "transformers"))
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        norm_num_groups=8,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        latent_channels=4,
    )
    config = transformers.CLIPTextConfig(
        vocab_size=514, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False
    )
    return diffusers.StableDiffusionPipeline(
        vae=vae,
        text_encoder=transformers.CLIPTextModel(config),
        tokenizer=_tokenizer(transformers),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _tokenizer(transformers: Any) -> Any:
    """By bytes: 256 symbols, the same at the end of a word, and the two marks; nothing is merged."""
    symbols = [chr(256 + byte) if not 33 <= byte <= 126 else chr(byte) for byte in range(256)]
    names = [*symbols, *(f"{symbol}</w>" for symbol in symbols), "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        words, merges = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        words.write_text(json.dumps({name: number for number, name in enumerate(names)}))
        merges.write_text("#version: 0.2\n")
        return transformers.CLIPTokenizer(str(words), str(merges), model_max_length=TOKENS)

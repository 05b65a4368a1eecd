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
def tiny(kind: str = "sd") -> Path:
    """The folder of a model, as one would download it; `kind` is `sd`, or `xl` for SDXL's family. It is there until the process ends."""
    folder = tempfile.mkdtemp(prefix="tiny-diffusion-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / ("tiny" if kind == "sd" else f"tiny-{kind}")
    (pipeline() if kind == "sd" else large()).save_pretrained(path)
    return path


def _libraries() -> tuple[Any, Any]:
    torch = import_module("torch")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a model only waits for its threads
    return import_module("diffusers"), import_module("transformers")


def pipeline(**parts: Any) -> Any:
    """`StableDiffusionPipeline`, without a safety checker unless `parts` has one."""
    diffusers, transformers = _libraries()
    checked = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False} | parts
    return diffusers.StableDiffusionPipeline(
        vae=_vae(diffusers),
        text_encoder=transformers.CLIPTextModel(_words(transformers)),
        tokenizer=_tokenizer(transformers),
        unet=_unet(diffusers, cross_attention_dim=32),
        scheduler=_scheduler(diffusers),
        **checked,
    )


def large() -> Any:
    """`StableDiffusionXLPipeline`: two encoders of words, and a U-Net that is told of sizes."""
    diffusers, transformers = _libraries()
    words = _words(transformers, hidden_act="gelu", projection_dim=32)
    return diffusers.StableDiffusionXLPipeline(
        vae=_vae(diffusers),
        text_encoder=transformers.CLIPTextModel(words),
        text_encoder_2=transformers.CLIPTextModelWithProjection(words),
        tokenizer=_tokenizer(transformers),
        tokenizer_2=_tokenizer(transformers),
        unet=_unet(
            diffusers,
            cross_attention_dim=64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
        ),
        scheduler=_scheduler(diffusers),
    )


def checker(*, flags: bool) -> dict[str, Any]:
    """A safety checker that finds something in every picture, or in none, and what it needs to look."""
    _, transformers = _libraries()
    safety = import_module("diffusers.pipelines.stable_diffusion.safety_checker")
    vision = {
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "image_size": 32,
        "patch_size": 16,
    }
    config = transformers.CLIPConfig(vision_config=vision, projection_dim=32)
    made = safety.StableDiffusionSafetyChecker(config)
    made.concept_embeds_weights.data.fill_(-2.0 if flags else 2.0)  # thresholds of a cosine
    made.special_care_embeds_weights.data.fill_(2.0)
    extractor = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return {"safety_checker": made, "feature_extractor": extractor, "requires_safety_checker": True}


def _unet(diffusers: Any, **more: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
        **more,
    )


def _vae(diffusers: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        latent_channels=4,
    )


def _words(transformers: Any, **more: Any) -> Any:
    return transformers.CLIPTextConfig(
        vocab_size=514, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=512, eos_token_id=513, pad_token_id=513, **more,
    )  # fmt: skip


def _scheduler(diffusers: Any) -> Any:
    return diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False
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

"""ComfyUI: what it is handed, workflows of the operator's own, and that it may break, forget, and work for others beside us."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.backends.base import Backend, Frame, Operation, Part, Request
from bot.backends.comfyui import ComfyUi, ComfyUiSettings
from bot.backends.comfyui.answers import Denied, Entry, Info, files, texts
from bot.backends.comfyui.following import wanted
from bot.backends.comfyui.library import BUILT_IN
from bot.backends.comfyui.payload import matching, sampled
from bot.backends.comfyui.workflow import Plan, Unfit, link, parsed, planned
from bot.errors import BackendRejected, BackendTimeout, BackendUnavailable, ConfigError
from bot.prompt.table import Lora
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.comfyui import ComfyUiDouble, GraphNode, backend
from tests.backends.doubles.server import Mischief

SMALL = json.loads((BUILT_IN / "txt2img.json").read_text())


@pytest.fixture
async def server() -> AsyncGenerator[ComfyUiDouble]:
    async with ComfyUiDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(server: ComfyUiDouble) -> AsyncGenerator[Backend]:
    made = backend(server)
    yield made
    await made.close()


async def asked(server: ComfyUiDouble, backend: Backend, folder: Path, **changes: Any) -> dict[str, GraphNode]:
    """The graph that the server was handed for a request."""
    operation = changes.pop("operation", Operation.GENERATE)
    await run(backend, request_for(operation, await backend.capabilities(), folder, **changes))
    return server.handed_in[-1].graph


def inputs(graph: dict[str, GraphNode], kind: str) -> list[dict[str, Any]]:
    return [node.inputs for node in graph.values() if node.class_type == kind]


async def begin(made: Backend, folder: Path, listener: Listener | None = None) -> asyncio.Task[Any]:
    request = request_for(Operation.GENERATE, await made.capabilities(), folder)
    return asyncio.create_task(run(made, request, listener))


# What it is handed


async def test_each_seed_is_sampled_by_itself_and_the_rest_is_shared(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    graph = await asked(server, here, tmp_path, seeds=(5, 6, 5, 4294967295))
    kinds = Counter(node.class_type for node in graph.values())
    assert (kinds["KSampler"], kinds["PreviewImage"], kinds["CheckpointLoaderSimple"]) == (4, 4, 1)
    assert sorted(node["seed"] for node in inputs(graph, "KSampler")) == [5, 5, 6, 4294967295]
    assert all(name.isdecimal() for name in graph)


async def test_words_and_parameters_reach_the_server(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    parameters = {"steps": 12, "cfg": 0.0, "sampler": "DPMPP_2m karras"}
    parts = (Part("a cat", 2), Part("snow", 1), Part("rain", -0.5))
    graph = await asked(server, here, tmp_path, parts=parts, negative=("text",), parameters=parameters)
    words = {node["text"] for node in inputs(graph, "CLIPTextEncode")}
    assert words == {"(a cat:1.33), (snow:0.667)", "text, rain"}
    sampler = inputs(graph, "KSampler")[0]
    assert (sampler["steps"], sampler["cfg"], sampler["sampler_name"], sampler["scheduler"]) == (
        12,
        0.0,
        "dpmpp_2m",
        "karras",
    )
    assert inputs(graph, "CheckpointLoaderSimple") == [{"ckpt_name": "dreamshaper_8.safetensors"}]
    assert inputs(graph, "LoraLoader") == []


async def test_loras_follow_each_other(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    loras = (Lora("Ink", 0.8), Lora("paper", -1.0))
    graph = await asked(server, here, tmp_path, parameters={"lora": loras}, seeds=(1,))
    first, second = inputs(graph, "LoraLoader")
    assert (first["lora_name"], first["strength_model"], first["strength_clip"]) == ("ink.safetensors", 0.8, 0.8)
    assert graph[second["model"][0]].inputs["lora_name"] == "ink.safetensors"
    assert graph[inputs(graph, "KSampler")[0]["model"][0]].inputs["lora_name"] == "paper.safetensors"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "nope"}, r"no model called nope\. Check `LIENZO_COMFYUI_MODEL`"),
        ({"parameters": {"sampler": "magic"}}, "no sampler called magic"),
        ({"parameters": {"lora": (Lora("nope", 1.0),)}}, "no LoRA called nope"),
    ],
)
async def test_what_is_not_there_is_never_asked_for(
    server: ComfyUiDouble, here: Backend, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BackendRejected, match=words):
        await asked(server, here, tmp_path, **changes)
    assert server.works == 0


@pytest.mark.parametrize("operation", [Operation.VARY, Operation.INPAINT, Operation.OUTPAINT])
async def test_pictures_come_in_the_size_that_was_asked_for(
    server: ComfyUiDouble, here: Backend, tmp_path: Path, operation: Operation
) -> None:
    frame = Frame(8, 128, 128, 64) if operation is Operation.OUTPAINT else None
    request = request_for(operation, await here.capabilities(), tmp_path, width=320, height=256, frame=frame)
    if operation is Operation.INPAINT:
        request = request_for(operation, await here.capabilities(), tmp_path)
    result = await run(here, request)
    assert {info.size for info in infos(result)} == {(request.width, request.height)}


@pytest.mark.parametrize(
    ("strength", "upscalers", "kind"),
    [
        (0.2, ["4x-UltraSharp.pth"], "ImageUpscaleWithModel"),
        (0.2, [], "ImageScale"),
        (0.5, [], "KSampler"),
    ],
)
async def test_how_a_picture_is_enlarged(
    server: ComfyUiDouble, here: Backend, tmp_path: Path, strength: float, upscalers: list[str], kind: str
) -> None:
    server.upscalers = upscalers
    request = request_for(Operation.UPSCALE, await here.capabilities(), tmp_path, strength=strength)
    result = await run(here, request)
    assert infos(result)[0].size == (request.width, request.height)
    assert inputs(server.handed_in[-1].graph, kind)
    assert bool(result.notes) is (kind == "ImageScale")


async def test_its_own_files_are_left_alone(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    """Another upload of the same name is kept under another, and that is the one that is worked on."""
    server.files[("temp", "lienzo", "job1-image.png")] = b"somebody else's"
    graph = await asked(server, here, tmp_path, operation=Operation.VARY)
    assert inputs(graph, "LoadImage") == [{"image": "lienzo/job1-image (1).png [temp]"}]


async def test_a_proxy_may_want_a_name_and_a_password(server: ComfyUiDouble) -> None:
    server.open = True
    made = ComfyUi(ComfyUiSettings(url=server.url, user="ana", password=SecretStr("secret")))
    await made.capabilities()
    await made.close()
    assert {one.headers.get("Authorization") for one in server.asked} == {"Basic YW5hOnNlY3JldA=="}


# While it works


async def test_each_picture_is_shown_when_it_is_done(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    server.hold()
    task = await begin(here, tmp_path, listener)
    await server.until(lambda: server.connections == 1)
    server.release()
    result = await task
    assert sorted(listener.images) == [0, 1]
    assert listener.fractions == sorted(listener.fractions)
    assert len(result.images) == 2
    assert result.model == "dreamshaper_8"


async def test_a_broken_websocket_is_opened_again(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    server.hold()
    task = await begin(here, tmp_path, listener)
    await listener.shown.wait()
    await server.cut()
    await server.until(lambda: server.connections == 2)
    server.release()
    assert len((await task).images) == 2
    assert server.works == 1


async def test_without_a_websocket_the_pictures_come_all_the_same(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    server.deaf = True
    assert len((await (await begin(here, tmp_path))).images) == 2


async def test_a_server_that_was_started_anew_is_handed_the_prompt_again(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    """Under the same id, and with its pictures, which it has lost as well."""
    server.hold()
    request = request_for(Operation.VARY, await here.capabilities(), tmp_path)
    task = asyncio.create_task(run(here, request))
    await server.until(lambda: server.connections == 1)
    await server.forget()
    await server.until(lambda: len(server.handed_in) == 2)
    server.release()
    assert len((await task).images) == 2
    assert len({item.id for item in server.handed_in}) == 1


async def test_a_server_that_keeps_forgetting_is_given_up(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    server.hold()
    task = await begin(here, tmp_path)
    for connection in (1, 2):
        await server.until(lambda: server.connections == connection and server.running is not None)  # noqa: B023
        await server.forget()
    with pytest.raises(BackendUnavailable, match="lost this job, twice"):
        await task


async def test_what_was_stopped_while_nobody_watched_is_taken_up_again(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    server.hold()
    request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path)
    handle = await here.submit(request)
    assert handle
    await server.until(lambda: server.running is not None)
    await here.cancel(request, handle)
    await server.until(lambda: handle in server.history)
    server.release()
    assert len((await here.collect(request, handle, Listener())).images) == 2


async def test_what_somebody_stops_at_the_server_stays_stopped(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    listener = Listener()
    server.hold()
    task = await begin(here, tmp_path, listener)
    await listener.shown.wait()
    assert server.running is not None
    server.running.stop.set()
    with pytest.raises(BackendRejected, match="Somebody stopped this"):
        await task
    assert server.works == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (("torch.OutOfMemoryError", "Allocation on device"), "ran out of memory"),
        (("RuntimeError", "mat1 and mat2 shapes cannot be multiplied\n\nTIPS: …"), "KSampler: mat1 and mat2 shapes"),
    ],
)
async def test_a_node_that_breaks_is_told_of(
    server: ComfyUiDouble, here: Backend, tmp_path: Path, fault: tuple[str, str], words: str
) -> None:
    server.fault = fault
    with pytest.raises(BackendRejected, match=words) as caught:
        await (await begin(here, tmp_path))
    assert not caught.value.retry


async def test_what_took_too_long_is_stopped_and_not_begun_again(server: ComfyUiDouble, tmp_path: Path) -> None:
    made = backend(server, timeout=0.2)
    server.hold()
    with pytest.raises(BackendTimeout) as caught:
        await (await begin(made, tmp_path))
    assert not caught.value.retry
    await server.stopped()
    await made.close()


async def test_a_picture_that_is_gone_is_said_to_be(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path)
    handle = await here.submit(request)
    assert handle
    await server.until(lambda: handle in server.history)
    server.files.clear()
    with pytest.raises(BackendRejected):
        await here.collect(request, handle, Listener())


# Others at the same server


async def occupied(server: ComfyUiDouble) -> str:
    """Somebody's prompt that runs, without a client: everybody hears of it."""
    server.hold()
    other, graph = str(uuid.uuid4()), planned(parsed("", json.dumps(SMALL).encode()), {"width": 64}, (), (1,)).graph
    graph["1"]["inputs"]["ckpt_name"] = server.models[0]
    server.put(other, {name: GraphNode(**node) for name, node in graph.items()}, None)
    await server.until(lambda: server.running is not None and server.running.id == other)
    return other


async def test_what_others_do_is_not_shown(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    await occupied(server)
    listener = Listener()
    task = await begin(here, tmp_path, listener)
    await server.until(lambda: server.connections == 1)
    assert server.running is not None
    await server.step(server.running, "6", 3)
    await server.send(server.running, "executed", {"prompt_id": server.running.id, "node": "8", "output": {}})
    server.running.stop.set()
    await server.until(lambda: len(server.history) == 1)
    assert (listener.fractions, listener.images) == ([], {})
    server.release()
    assert len((await task).images) == 2


async def test_one_that_waits_is_taken_out_and_the_others_runs_on(
    server: ComfyUiDouble, here: Backend, tmp_path: Path
) -> None:
    other = await occupied(server)
    task = await begin(here, tmp_path)
    await server.until(lambda: bool(server.waiting))
    mine = server.waiting[0].id
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.stopped()
    assert (server.deleted, server.interrupted) == ([mine], [])
    assert server.running is not None
    assert server.running.id == other


# The operator's own workflows


def shelf(folder: Path, **workflows: Any) -> Path:
    """A folder of workflows. `__` in a name is a dot."""
    folder /= "workflows"
    folder.mkdir()
    for name, workflow in workflows.items():
        (folder / f"{name.replace('__', '.')}.json").write_text(json.dumps(workflow))
    return folder


def node(kind: str, title: str = "", **values: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": values, "_meta": {"title": title or kind}}


EDITING = {
    "1": node("LoadImage", "lienzo:image", image="example.png"),
    "2": node("CheckpointLoaderSimple", ckpt_name="dreamshaper_8.safetensors"),
    "3": node("CLIPTextEncode", "Lienzo:prompt", text="", clip=["2", 1]),
    "4": node("VAEEncode", pixels=["1", 0], vae=["2", 2]),
    "5": node(
        "KSampler", "lienzo:seed",
        model=["2", 0], positive=["3", 0], negative=["3", 0], latent_image=["4", 0],
        seed=1, steps=4, cfg=1.0, sampler_name="lcm", scheduler="normal", denoise=0.9,
    ),
    "6": node("VAEDecode", samples=["5", 0], vae=["2", 2]),
    "7": node("SaveImage", images=["6", 0], filename_prefix="edited"),
    "8": node("PreviewImage", images=["1", 0]),
}  # fmt: skip
DESCRIBING = {"1": node("LoadImage", "lienzo:image", image=""), "2": node("ShowText", image=["1", 0])}


async def test_workflows_of_ones_own_add_what_can_be_done(server: ComfyUiDouble, tmp_path: Path) -> None:
    made = backend(server, workflows=shelf(tmp_path, edit=EDITING, describe=DESCRIBING, fast=SMALL))
    c = await made.capabilities()
    assert {Operation.EDIT, Operation.DESCRIBE} <= c.operations
    assert c.models == ("fast", "dreamshaper_8", "sdxl/sdxl_base")
    edited = await run(made, request_for(Operation.EDIT, c, tmp_path, seeds=(3, 4)))
    assert [image.seed for image in edited.images] == [3, 4]
    assert inputs(server.handed_in[-1].graph, "KSampler")[0]["cfg"] == 1.0, "its own figures stand"
    described = await run(made, request_for(Operation.DESCRIBE, c, tmp_path))
    assert described.texts == ("a lighthouse at dusk",)
    await made.close()


async def test_a_workflow_is_chosen_as_a_model_is(server: ComfyUiDouble, tmp_path: Path) -> None:
    own = json.loads(json.dumps(SMALL))
    own["1"] = node("CheckpointLoaderSimple", ckpt_name="sdxl/sdxl_base.safetensors")
    own["5"]["_meta"]["title"] = "lienzo:width height batch"
    made = backend(server, workflows=shelf(tmp_path, turbo=own), model="Turbo")
    c = await made.capabilities()
    assert c.operations == {Operation.GENERATE}
    assert c.parameters == {"seed", "no", "steps", "cfg", "sampler", "lora"}
    assert await made.check() is None
    result = await run(made, request_for(Operation.GENERATE, c, tmp_path))
    assert result.model == "turbo"
    assert inputs(server.handed_in[-1].graph, "EmptyLatentImage")[0]["batch_size"] == 2
    with pytest.raises(BackendRejected, match=r"no `turbo\.img2img\.json` in `LIENZO_COMFYUI_WORKFLOWS`"):
        await run(made, request_for(Operation.VARY, c, tmp_path))
    await made.close()


async def test_a_node_that_the_server_lacks_is_named(server: ComfyUiDouble, tmp_path: Path) -> None:
    server.missing = {"SaveImage"}
    made = backend(server, workflows=shelf(tmp_path, edit=EDITING))
    assert "edit.json needs the node SaveImage" in str(await made.check())
    with pytest.raises(BackendRejected, match="'SaveImage' not found"):
        await run(made, request_for(Operation.EDIT, await made.capabilities(), tmp_path))
    await made.close()


@pytest.mark.parametrize(
    ("workflow", "words"),
    [
        ({"nodes": [], "links": []}, "not in API format"),
        ({"1": node("KSampler", "lienzo:seeds", seed=1)}, "lienzo:seeds`, which does not exist"),
        ({"1": node("KSampler", "lienzo:prompt", seed=1)}, "at a KSampler, which has no such input"),
        ({"1": node("KSampler", "lienzo:seed", seed=["2", 0])}, "at a KSampler, which has no such input"),
        ({"1": node("KSampler", "lienzo:seed", seed=1)}, "has no node titled `lienzo:prompt`"),
    ],
)
def test_a_workflow_that_is_none_is_named(tmp_path: Path, workflow: Any, words: str) -> None:
    settings = ComfyUiSettings(workflows=shelf(tmp_path, mine=workflow))
    with pytest.raises(ConfigError, match=words) as caught:
        ComfyUi(settings)
    assert "mine.json in `LIENZO_COMFYUI_WORKFLOWS`" in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LIENZO_COMFYUI_WORKFLOWS"):
        ComfyUi(ComfyUiSettings(workflows=tmp_path / "nowhere"))


# Checks and settings


async def test_a_server_without_a_model_is_told_apart(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    server.models.clear()
    assert "no model" in str(await here.check())
    with pytest.raises(BackendRejected, match="LIENZO_COMFYUI_MODEL"):
        await (await begin(here, tmp_path))


async def test_a_model_of_the_settings_that_is_not_there(server: ComfyUiDouble) -> None:
    made = backend(server, model="gone")
    complaint = str(await made.check())
    await made.close()
    assert "LIENZO_COMFYUI_MODEL" in complaint
    assert "gone" in complaint


@pytest.mark.parametrize("name", ["URL", "STEPS", "SIDE"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_COMFYUI_{name}", "777")
    with pytest.raises(ConfigError, match=f"LIENZO_COMFYUI_{name}"):
        ComfyUiSettings.load(None)


# Its parts


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from(["a", "b"]), st.floats(-2, 2)), max_size=3))
def test_every_link_of_a_plan_leads_somewhere(count: int, loras: list[tuple[str, float]]) -> None:
    for path in BUILT_IN.glob("*.json"):
        plan = planned(parsed(path.stem, path.read_bytes()), {}, loras, range(count))
        sources = [source for one in plan.graph.values() for v in one["inputs"].values() if (source := link(v))]
        assert {name for name, _ in sources} <= plan.graph.keys()
        assert plan.outputs
        assert plan.outputs <= plan.graph.keys()


@pytest.mark.parametrize("declared", [[["a", "b"], {}], ["COMBO", {"options": ["a", "b"]}]])
def test_choices_are_read_in_both_forms(declared: Any) -> None:
    assert Info(input={"required": {"name": declared}}).choices("name") == ("a", "b")
    assert Info(input={"required": {"name": ["INT", {"min": 1}]}}).choices("name") == ()
    assert Info(input={}).choices("name") == ()


def test_what_nodes_put_out_may_be_anything() -> None:
    assert files({"images": [{"filename": "a.png"}, {"url": "x"}, 3], "animated": [False]})[0].type == "output"
    assert files({"images": "none"}) == []
    assert texts({"text": ["a", "", 3], "string": "b"}) == ["a", "b"]


def test_saved_pictures_count_before_those_for_looking_at() -> None:
    entry = Entry.model_validate(
        {"outputs": {"1": {"images": [{"filename": "t", "type": "temp"}]}, "2": {"images": [{"filename": "s"}]}}}
    )
    assert [(index, file.filename) for index, file in wanted(Plan({}, 4), entry)] == [(0, "s")]
    assert [file.filename for _, file in wanted(Plan({}, 4, outputs=frozenset("1")), entry)] == ["t"]


def test_names_are_found_as_people_write_them() -> None:
    names = ("sdxl\\Base.safetensors", "v1.5-pruned.ckpt")
    assert matching("base", names) == names[0]
    assert matching("V1.5-pruned", names) == names[1]
    assert matching("other", names) is None
    assert sampled("euler karras", ("euler",), ("karras",)) == {"sampler": "euler", "scheduler": "karras"}
    assert sampled("euler magic", ("euler",), ("karras",)) is None


def test_a_denial_without_nodes_may_come_with_a_list() -> None:
    denied = Denied.model_validate({"error": {"message": "Prompt has no outputs", "details": ""}, "node_errors": []})
    assert (denied.reason, denied.of_model) == ("Prompt has no outputs", False)


def test_no_json_is_no_workflow() -> None:
    with pytest.raises(Unfit):
        parsed("mine", b"{")


async def test_fewer_pictures_keep_their_seeds(server: ComfyUiDouble, here: Backend, tmp_path: Path) -> None:
    server.mischief = Mischief.FEWER
    request: Request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(7, 8, 9))
    assert [image.seed for image in (await run(here, request)).images] == [7]

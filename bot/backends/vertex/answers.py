"""What Google answers, as far as it is of use."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bot.backends.web import Picture


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Listed(Shape):
    """A model's `name` is its path."""

    name: str


class Models(Shape):
    """The Gemini API's list, or Vertex AI's."""

    models: list[Listed] = []
    publisher_models: list[Listed] = []
    next_page_token: str = ""


class Blob(Shape):
    data: Picture


class Part(Shape):
    """A `thought` is a draft or a remark on the way."""

    text: str = ""
    thought: bool = False
    inline_data: Blob | None = None


class Content(Shape):
    parts: list[Part] = []


class Candidate(Shape):
    content: Content = Content()
    finish_reason: str = ""
    finish_message: str = ""


class Feedback(Shape):
    block_reason: str = ""
    block_reason_message: str = ""


class Tokens(Shape):
    modality: str = ""
    token_count: int = 0


class Usage(Shape):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    candidates_tokens_details: list[Tokens] = []


class Answer(Shape):
    """`generateContent`."""

    candidates: list[Candidate] = []
    prompt_feedback: Feedback = Feedback()
    usage_metadata: Usage = Usage()
    model_version: str = ""

    @property
    def said(self) -> list[Part]:
        """What is meant to be seen."""
        parts = self.candidates[0].content.parts if self.candidates else []
        return [part for part in parts if not part.thought]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.said).strip()


class Prediction(Shape):
    bytes_base64_encoded: Picture | None = None
    rai_filtered_reason: str = ""


class Predictions(Shape):
    """Imagen's `:predict`."""

    predictions: list[Prediction] = []

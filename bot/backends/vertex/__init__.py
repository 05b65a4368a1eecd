"""Google's image models: Gemini by `generateContent`, Imagen by `:predict`, on Vertex AI or on the Gemini API.

Which of the two a request goes to follows from the model's name. Gemini makes one picture a call, so a grid is so many calls at once;
it takes images and instructions in words, and answers with a refusal as often as with a picture. Imagen is on its way out at Google.
"""

from bot.backends.vertex.backend import Vertex
from bot.backends.vertex.settings import VertexSettings

__all__ = ["Vertex", "VertexSettings"]

"""A small Discord on one's own machine: REST and gateway for an unmodified client, and a page for people."""

from bot.playground.client import Person
from bot.playground.faults import Fault
from bot.playground.outcomes import Interaction, PlaygroundError
from bot.playground.people import Supervisor
from bot.playground.server import Playground

__all__ = ["Fault", "Interaction", "Person", "Playground", "PlaygroundError", "Supervisor"]

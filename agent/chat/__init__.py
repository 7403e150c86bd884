"""Chat about a coding decision: why, why not, what supports it, what if; over an output folder and the bookshelf."""

from agent.chat.answer import Answer
from agent.chat.conversation import Conversation
from agent.chat.view import CaseView, load_view

__all__ = ["Answer", "CaseView", "Conversation", "load_view"]

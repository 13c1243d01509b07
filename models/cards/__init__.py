"""Cards: YAML files that say how to run a network which semalign has no code for."""

from models.cards.card import Card
from models.cards.folder import CardFile, card_names, find_card

__all__ = ["Card", "CardFile", "card_names", "find_card"]

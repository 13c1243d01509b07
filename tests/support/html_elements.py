"""What a page of HTML is made of, for tests that look for what a reader needs."""

from html.parser import HTMLParser


class Elements(HTMLParser):
    """Gathers elements with their attributes, and the text.

    Attributes:
        found: Each element's tag and attributes.
        text: The text as it stands.
        words: Pieces of text between tags, without line breaks and empty ones.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data
        if words := " ".join(data.split()):
            self.words.append(words)

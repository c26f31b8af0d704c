"""The requests that are not finished, so that those of one peer are found at once."""

from typing import Any

Key = tuple[bytes, Any]


class Unfinished(dict[Key, Any]):
    """Requests by token and peer, and the tokens of each peer."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: dict[Any, dict[bytes, None]] = {}

    def __setitem__(self, key: Key, value: Any) -> None:
        super().__setitem__(key, value)
        self._tokens.setdefault(key[1], {})[key[0]] = None

    def __delitem__(self, key: Key) -> None:
        self.pop(key)

    def pop(self, key: Key) -> Any:  # type: ignore[override]
        """Remove and give what is there; KeyError where nothing is."""
        value = super().pop(key)
        tokens = self._tokens[key[1]]
        del tokens[key[0]]
        if not tokens:
            del self._tokens[key[1]]
        return value

    def of(self, remote: Any) -> list[Any]:
        """What the peer has there."""
        return [self[token, remote] for token in self._tokens.get(remote, ())]

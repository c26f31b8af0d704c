"""The query of a URL, read strictly."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from django.http import HttpRequest

from core_api.errors import BadRequest

MAX_FIELDS = 100


class Query(dict[str, str]):
    """The parameters of a query by name; each is given at most once."""

    def only(self, known: Collection[str]) -> "Query":
        """The query itself; BadRequest when it has a parameter that is not known here."""
        for name in self:
            if name not in known:
                raise BadRequest(
                    f"There is no parameter {name!r} here; there are {', '.join(sorted(known))}.",
                    pointer=f"/{name}",
                )
        return self


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of a query as it stands in the URL; a `+` is a space."""
    try:
        raw = text.encode("latin-1").decode("utf-8")
        return parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeError:
        raise BadRequest("The query is not UTF-8.") from None
    except ValueError:
        raise BadRequest(f"A query may have at most {MAX_FIELDS} parameters.") from None


def query_of(request: HttpRequest) -> Query:
    """The query of a request; BadRequest when a parameter is given twice."""
    query = Query()
    for name, value in pairs(request.META.get("QUERY_STRING", "")):
        if name in query:
            raise BadRequest(f"The parameter {name!r} is given twice.", pointer=f"/{name}")
        query[name] = value
    return query

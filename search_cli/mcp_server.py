"""The tools as an MCP server over standard input and output (modelcontextprotocol.io).

Of the `mcp` package its low-level server is used: an answer is text in one or two pieces (what
mailseek says, then what stands in mail, marked), an error is one line with its cure. There is no
structured content, which clients show in place of the text, without the marks.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cache
from inspect import cleandoc
from typing import Annotated, Any

import anyio
from mcp import MCPError, types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indexer import __version__
from indexer.catalog.store import Catalog, storage_errors
from indexer.errors import MailseekError, QueryError, StorageError
from indexer.search.opening import searcher
from indexer.search.paging import Sort
from indexer.search.resolving import Scope
from indexer.settings import Settings
from search_cli.mcp_tools import LONGEST_PAGE, MOST_HITS, Answer, Tools
from search_cli.untrusted import WARNING, line, marked

_logger = logging.getLogger(__name__)

_INSTRUCTIONS = f"""
mailseek searches the user's e-mail in a local index, and changes nothing. Begin with `search`, which
gives ids and snippets; read on with `message` or `thread`; `explain_query` tells how a query is
understood. {WARNING}

Queries: words are all meant, the newest mail comes first; "a phrase", OR, -not, (…), word*; from: to:
cc: with: subject: body: filename: list: account: in:FOLDER, is:unread is:flagged is:answered,
has:attachment, type:pdf, larger:1M, after:2024-03 before:2024-04-15, newer_than:7d, thread:ID.
"""

_Query = Annotated[str, Field(max_length=2000, description="in mailseek's query language")]
_Id = Annotated[int, Field(ge=1, le=1 << 62)]
_Offset = Annotated[int, Field(ge=0, le=1 << 40, description="next_offset of the page before")]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Search(_Arguments):
    """Find messages in the user's mail: ids, thread ids, dates, senders, subjects, folders, snippets.

    `coverage` tells how much of the mail the answer can know of; `cursor`, given again with the same
    query, sort and threads, gets the next page.
    """

    query: _Query
    limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = 20
    sort: Sort = "date"
    threads: Annotated[bool, Field(description="one hit for each thread")] = False
    cursor: Annotated[str | None, Field(max_length=4000)] = None


class _Message(_Arguments):
    """Read a message by its id: headers, and its text in pages of `length` characters."""

    id: _Id
    offset: _Offset = 0
    length: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 8000


class _Thread(_Arguments):
    """The messages of a thread by its thread_id, the oldest first: headers, and how each begins."""

    thread_id: _Id
    offset: _Offset = 0


class _ExplainQuery(_Arguments):
    """How a query is understood, and who answers it; or what is wrong with it, and where."""

    query: _Query


class _Accounts(_Arguments):
    """The accounts that can be searched, and how many messages of each are known and indexed."""


_TOOLS: dict[str, type[_Arguments]] = {
    "search": _Search,
    "message": _Message,
    "thread": _Thread,
    "explain_query": _ExplainQuery,
    "accounts": _Accounts,
}
_WITH_MAIL = ("search", "message", "thread")


def serve(settings: Settings, scope: Scope) -> None:
    """Answer until standard input ends; within `scope` only."""

    @cache
    def opened() -> Tools:
        # At the first call, and again until there is a catalog: clients start their servers early.
        catalog = Catalog.open(settings.catalog_path, read_only=True)
        return Tools(catalog, searcher(settings, catalog).scoped(scope), scope)

    def answered(name: str, arguments: dict[str, Any]) -> Answer:
        given = _TOOLS[name].model_validate(arguments).model_dump()
        with storage_errors(settings.catalog_path):
            answer: Answer = getattr(opened(), name)(**given)
        return answer

    async def list_tools(_context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(name) for name in _TOOLS])

    async def call_tool(
        _context: object, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if params.name not in _TOOLS:
            known = ", ".join(_TOOLS)
            message = f"there is no tool {line(params.name, 40)!r}; there are {known}"
            raise MCPError(types.INVALID_PARAMS, message)
        return _result(lambda: answered(params.name, params.arguments or {}), scope)

    server: Server[Any] = Server(
        "mailseek",
        version=__version__,
        instructions=cleandoc(_INSTRUCTIONS),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )

    async def run() -> None:
        async with stdio_server() as (requests, answers):
            await server.run(requests, answers, server.create_initialization_options())

    try:
        anyio.run(run)
    except* BrokenPipeError:
        _logger.info("the client is gone")


def _described(name: str) -> types.Tool:
    arguments = _TOOLS[name]
    schema = arguments.model_json_schema()
    description = cleandoc(schema.pop("description"))
    written_by_others = name in _WITH_MAIL
    return types.Tool(
        name=name,
        description=f"{description}\n\n{WARNING}" if written_by_others else description,
        input_schema=schema,
        annotations=types.ToolAnnotations(
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            # Nothing is asked outside, but what is answered was written by anybody in the world.
            open_world_hint=written_by_others,
        ),
    )


def _result(answered: Callable[[], Answer], scope: Scope) -> types.CallToolResult:
    """An answer as content; an error as one that the client's model can act on."""
    try:
        answer = answered()
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        return _error({"error": "; ".join(wrong)[:1000], "cure": "see the tool's input schema"})
    except MailseekError as error:
        _logger.info("%s", error)
        return _error(_told(error, scope))
    except Exception as error:
        _logger.warning("a bug", exc_info=_logger.isEnabledFor(logging.INFO))
        bug = f"a bug of mailseek's: {type(error).__name__}"
        return _error({"error": bug, "cure": "run `mailseek --debug mcp` and read what it logs"})
    pieces = [_text(answer.told)]
    if answer.mail:
        pieces.append(types.TextContent(text=marked(answer.mail)))
    return types.CallToolResult(content=[*pieces])


def _told(error: MailseekError, scope: Scope) -> dict[str, object]:
    if isinstance(error, QueryError) and scope.query and error.query == scope.query:
        _logger.warning("--filter: %s", error)
        error = StorageError(
            "the server's own filter cannot be used any more", cure="see what `mailseek mcp` logs"
        )
    told: dict[str, object] = {"error": line(error.message, 500), "cure": line(error.cure, 500)}
    if isinstance(error, QueryError):
        piece = error.query[error.position : error.position + error.length]
        told |= {"character": error.position, "length": error.length, "at": line(piece, 100)}
    return told


def _error(told: dict[str, object]) -> types.CallToolResult:
    return types.CallToolResult(content=[_text(told)], is_error=True)


def _text(told: object) -> types.TextContent:
    return types.TextContent(text=json.dumps(told, ensure_ascii=False))

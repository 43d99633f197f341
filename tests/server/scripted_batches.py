"""The scripted server with OpenAI's file and batch interface, whose batches end when and how a test says."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripted import ScriptedServer, _send, _write

Ending = Callable[[int, list[dict[str, Any]]], Mapping[str, Any]]
"""From the number of a batch (from 0) and its lines to ``state``, ``expired`` or ``errors`` of its end."""


class BatchServer(ScriptedServer):
    """See the module's text.

    Args:
        looks: how often a batch is seen under way before it has ended.
        ending: how a batch ends: ``{"state": "completed"}`` where None. ``expired`` names the lines (positions) that
            get no reply, ``broken`` (position to status) those that get an error, ``errors`` (code and message) refuses
            the whole.
        lost_answers: how many of the first answers to the making of a batch are lost on the way.
        hidden: paths (``files``, ``batches``) that this server lacks.
        rubbish: bodies that the first requests to these paths get, whatever they are.
    """

    def __init__(
        self,
        *args: Any,
        looks: int = 1,
        ending: Ending | None = None,
        lost_answers: int = 0,
        hidden: Sequence[str] = (),
        rubbish: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.looks, self.ending, self.lost_answers, self.hidden = looks, ending, lost_answers, tuple(hidden)
        self.rubbish = list(rubbish)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.held = False
        """While true no batch ends."""

    def lines(self) -> list[list[dict[str, Any]]]:
        """The requests of each batch so far."""
        return [_rows(self.files[batch["input_file_id"]]) for batch in self.batches.values()]

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path = head.decode("latin-1").split(" ", 2)[:2]
        match = re.fullmatch(r".*/(files|batches)(?:/([\w-]+))?(/content)?", path.split("?")[0])
        if match is None:
            return await super()._one(_Again(head, reader), writer)  # pyright: ignore[reportArgumentType]
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        raw = await reader.readexactly(int(length[1]) if length else 0)
        if match[1] in self.hidden:
            return await _send(writer, 404, {"error": {"message": f"no route {path}", "code": None}})
        if self.rubbish:
            return await _write(writer, 200, self.rubbish.pop(0).encode(), {"content-type": "application/json"})
        if match[1] == "files":
            return await self._file(method, match[2], raw, writer)
        return await self._batch(method, match[2], raw, writer)

    async def _file(self, method: str, name: str | None, raw: bytes, writer: asyncio.StreamWriter) -> bool:
        if method == "POST":
            name = f"file-{len(self.files)}"
            self.files[name] = _uploaded(raw)
            return await _send(writer, 200, {"id": name, "object": "file", "bytes": len(raw), "created_at": 1})
        if name not in self.files:
            return await _send(writer, 404, {"error": {"message": f"no file {name}", "code": None}})
        return await _write(writer, 200, self.files[name], {"content-type": "application/jsonl"})

    async def _batch(self, method: str, name: str | None, raw: bytes, writer: asyncio.StreamWriter) -> bool:
        if method == "POST":
            asked = json.loads(raw)
            name = f"batch-{len(self.batches)}"
            self.batches[name] = {
                "id": name,
                "object": "batch",
                "endpoint": asked["endpoint"],
                "completion_window": asked["completion_window"],
                "input_file_id": asked["input_file_id"],
                "metadata": asked.get("metadata"),
                "status": "validating",
                "created_at": int(time.time()),
                "looks": 0,
            }
            if self.lost_answers:
                self.lost_answers -= 1
                return False
            return await _send(writer, 200, self.batches[name])
        if name is None:
            listed = list(reversed(self.batches.values()))
            return await _send(writer, 200, {"object": "list", "data": listed, "has_more": False})
        if name not in self.batches:
            return await _send(writer, 404, {"error": {"message": f"no batch {name}", "code": None}})
        return await _send(writer, 200, self._looked_at(name))

    def _looked_at(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        batch["looks"] += 1
        rows = _rows(self.files[batch["input_file_id"]])
        batch.setdefault("request_counts", {"total": len(rows), "completed": 0, "failed": 0})
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = "in_progress"
            if batch["looks"] > self.looks and not self.held:
                self._end(batch, rows)
        return batch

    def _end(self, batch: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        number = list(self.batches).index(batch["id"])
        end = dict(self.ending(number, rows)) if self.ending else {}
        batch["status"] = end.get("state", "completed")
        batch[f"{batch['status']}_at"] = batch["created_at"] + 60
        if "errors" in end:
            errors = [{"code": code, "message": message} for code, message in end["errors"]]
            batch["errors"] = {"object": "list", "data": errors}
            return
        good, bad = [], []
        for position, row in enumerate(rows):
            answered = self._answered(position, row, end)
            (good if answered["error"] is None and answered["response"]["status_code"] == 200 else bad).append(answered)
        batch["request_counts"] = {"total": len(rows), "completed": len(good), "failed": len(bad)}
        for kind, lines in (("output", good), ("error", bad)):
            if lines:
                batch[f"{kind}_file_id"] = f"{batch['id']}-{kind}"
                text = "".join(json.dumps(line) + "\n" for line in reversed(lines))  # servers keep no order
                self.files[batch[f"{kind}_file_id"]] = text.encode()

    def _answered(self, position: int, row: dict[str, Any], end: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {"id": f"r{position}", "custom_id": row["custom_id"], "response": None, "error": None}
        if position in end.get("expired", ()):
            return {**out, "error": {"code": "batch_expired", "message": "it could not be executed in time"}}
        if position in end.get("broken", {}):
            status = end["broken"][position]
            body = {"error": {"message": "this one failed", "code": None}}
            return {**out, "response": {"status_code": status, "request_id": "x", "body": body}}
        body = row["body"]
        prompt = "\n".join(str(message.get("content")) for message in body["messages"]).split()
        completion = self._completion(body, self.script.reply(body), len(prompt), 0)
        return {**out, "response": {"status_code": 200, "request_id": "x", "body": completion}}


class _Again:
    """A reader whose first bytes were read already."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader) -> None:
        self._head, self._reader = head, reader

    async def readuntil(self, _separator: bytes) -> bytes:
        return self._head

    async def readexactly(self, size: int) -> bytes:
        return await self._reader.readexactly(size)


def _uploaded(raw: bytes) -> bytes:
    """The file of a multipart body."""
    boundary = raw.split(b"\r\n", 1)[0]
    for section in raw.split(boundary):
        headers, _, content = section.partition(b"\r\n\r\n")
        if b"filename=" in headers:
            return content.removesuffix(b"\r\n")
    raise ValueError("no file in the upload")


def _rows(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]

"""Replies of language models as they come: without a field, of another type, in prose, after thoughts;
other dialects."""

from __future__ import annotations

import pytest
from case_tools import ending, facts_of, mem0_told

from memos.llm.base import Request
from memos.llm.openai import OpenAIChat
from memos.llm.repair import loads
from memos.types import Message

PORTO = '{"facts": ["Ana lives in Porto"]}'
ADD = '{"memory":[{"id":"0","text":"Ana lives in Porto","event":"ADD","old_memory":null}]}'
STORED = ["Ana lives in Porto"]


def test_c25_an_id_the_store_never_showed_is_skipped():
    """mem0ai/mem0#3931: an update of an invented id ends the ingestion."""
    system = mem0_told(PORTO, '{"memory":[{"id":"12","text":"x","event":"UPDATE","old_memory":"y"}]}')
    assert system._events == {"skipped": 2}


def test_c26_an_addition_needs_no_old_memory():
    """mem0ai/mem0#2875: models leave ``old_memory`` away beside ADD."""
    assert facts_of(mem0_told(PORTO, '{"memory":[{"id":"0","text":"Ana lives in Porto","event":"ADD"}]}')) == STORED


def test_c27_an_id_may_be_a_number():
    """mem0ai/mem0#4708: ``id`` comes as an integer."""
    decision = '{"memory":[{"id":0,"text":"Ana lives in Porto","event":"ADD","old_memory":null}]}'
    assert facts_of(mem0_told(PORTO, decision)) == STORED


def test_c28_json_in_prose_and_a_fence_is_read():
    """mem0ai/mem0#4526, RakuenSoftware/aimee#552: the object stands in a code block between sentences."""
    assert facts_of(mem0_told(f"Here they are:\n```json\n{PORTO}\n```\nDone {{note}}.", ADD)) == STORED


def test_c29_a_bare_list_is_the_list_that_was_asked_for():
    """vectorize-io/hindsight#2543: the one field's list comes without the object around it."""
    assert facts_of(mem0_told('["Ana lives in Porto"]', ADD)) == STORED


@pytest.mark.parametrize(
    "reply",
    [f'Maybe {{"facts": []}}? No.\n</think>\n{PORTO}', f'<thinking>{{"facts": []}}</thinking>{PORTO}'],
    ids=["only the end mark", "another mark"],
)
def test_c30_a_draft_in_the_thoughts_is_not_the_reply(reply):
    """vllm-project/vllm#13125, cubist38/mlx-openai-server#179:
    the opening mark is part of the prompt and never comes."""
    assert loads(reply) == {"facts": STORED}


def test_c31_a_raw_line_break_in_a_text_is_read():
    """mem0ai/mem0#4540: a line break within a JSON string; mem0 reads with ``strict=False``."""
    reply = '{"facts": ["Ana lives\nin Porto"]}'
    assert ending(lambda: loads(reply)) == "done" and loads(reply) == {"facts": ["Ana lives\nin Porto"]}


def hosted(server, key: str) -> OpenAIChat:
    config = OpenAIChat.Config(model="gpt-5", base_url=server.base_url, api_key_env=key, backoff_s=0.001)
    return OpenAIChat(config)


HELLO = Request((Message("user", "hi"),), max_tokens=5)


def test_c83_a_model_that_wants_max_completion_tokens_gets_it(scripted_server, server_key):
    """getzep/graphiti#878, langchain-ai/langchainjs#8642: ``max_tokens`` is refused;
    the other name is tried at once."""
    server = scripted_server(rules=[("", "ok")], refuse=("max_tokens",))
    assert hosted(server, server_key).complete(HELLO).text == "ok"
    assert len(server.chats()) == 2


def test_c83_a_refused_temperature_is_dropped_and_told(scripted_server, server_key, capsys):
    """getzep/graphiti#878: it changes the result, so it is not dropped in silence; gpt-5 is known by its name."""
    server = scripted_server(rules=[("", "ok")], refuse=("temperature",))
    assert hosted(server, server_key).complete(HELLO).text == "ok"
    assert len(server.chats()) == 1 and "takes no temperature" in capsys.readouterr().out


@pytest.fixture
def silent_server():
    """A server whose every reply has null for its content."""
    import http.server
    import json
    import threading

    class Null(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            choice = {"message": {"role": "assistant", "content": None}, "finish_reason": "stop"}
            body = json.dumps({"choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Null)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    yield server
    server.shutdown()
    server.server_close()


def test_c83_null_for_the_content_is_an_empty_reply(silent_server, server_key):
    """langchain-ai/langchainjs#8642: the content is null where a model has said nothing."""
    assert hosted(silent_server, server_key).complete(HELLO).text == ""

"""The routes, asked as any HTTP program would ask them."""

from __future__ import annotations

import errno
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from dirfa_blender.core.formats.exchange import kind_of
from dirfa_blender.core.formats.take_formats import FORMATS
from dirfa_blender.core.npz_io import animation_bytes
from dirfa_blender.core.protocol import PROTOCOL_VERSION, JobStatus, ServerInfo, from_json
from server.app import create_app
from server.config import ServerConfig
from server.jobs import JobQueue

from .quick_server import QuickServices, wave

TOKEN = "a token"


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = JobQueue(tmp_path, max_waiting=2, max_kept=3)
    yield queue
    queue.close()


@pytest.fixture
def http(tmp_path: Path, queue: JobQueue) -> TestClient:
    config = ServerConfig(announcement=tmp_path / "a.json", token=TOKEN, max_upload_bytes=100_000)
    app = create_app(config, QuickServices(), queue, tmp_path)
    return TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"})


def submit(http: TestClient, content: bytes, settings: str = "{}") -> JobStatus:
    answer = http.post(
        "/v1/animations", files={"audio": ("a.wav", content)}, data={"settings": settings}
    )
    assert answer.status_code == 202, answer.text
    return from_json(JobStatus, answer.text)


def final(http: TestClient, job_id: str) -> JobStatus:
    lines = http.get(f"/v1/jobs/{job_id}/events").text.splitlines()
    return from_json(JobStatus, lines[-1])


def running(http: TestClient, job_id: str) -> None:
    while from_json(JobStatus, http.get(f"/v1/jobs/{job_id}").text).state != "running":
        time.sleep(0.01)


def test_the_info_route_says_who_answers(http: TestClient) -> None:
    info = from_json(ServerInfo, http.get("/v1/info").text)

    assert info.protocol == PROTOCOL_VERSION


def test_health_is_answered_to_anybody_and_tells_nothing_else(http: TestClient) -> None:
    answer = http.get("/v1/health", headers={"Authorization": ""})

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert http.post("/v1/health", headers={"Authorization": ""}).status_code == 401


def test_a_client_is_told_how_to_identify_itself(http: TestClient) -> None:
    answer = http.get("/v1/info", headers={"Authorization": ""})

    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_take_comes_in_the_format_that_is_asked_for(http: TestClient, queue: JobQueue) -> None:
    take = wave(np.linspace(0.0, 1.0, 10), 0)
    job = queue.submit(lambda _job: animation_bytes(take))
    final(http, job.id)

    for word, form in FORMATS.items():
        answer = http.get(f"/v1/jobs/{job.id}/result?format={word}")
        assert kind_of(answer.content) == form.kind, word
        assert answer.headers["content-type"].startswith(form.media_type), word
        assert f'filename="{job.id}{form.ending}"' in answer.headers["content-disposition"], word
    assert http.get(f"/v1/jobs/{job.id}/result?format=fbx").status_code == 422


def test_the_description_of_the_routes_names_every_format_of_a_result(http: TestClient) -> None:
    paths = http.get("/v1/openapi.json").json()["paths"]

    result = paths["/v1/jobs/{job_id}/result"]["get"]

    [asked] = [p["schema"] for p in result["parameters"] if p["name"] == "format"]
    assert asked["enum"] == list(FORMATS)
    assert set(result["responses"]["200"]["content"]) == {f.media_type for f in FORMATS.values()}


def test_a_result_that_is_no_take_has_one_format(http: TestClient, queue: JobQueue) -> None:
    job = queue.submit(lambda _job: b"a head")
    final(http, job.id)

    answer = http.get(f"/v1/jobs/{job.id}/result?format=csv")

    assert answer.status_code == 400
    assert job.id in answer.json()["error"]


def test_requests_without_the_token_are_refused_on_every_route(http: TestClient) -> None:
    for method, route in (
        ("GET", "/v1/info"), ("POST", "/v1/animations"), ("POST", "/v1/heads"),
        ("GET", "/v1/jobs/1"), ("GET", "/v1/openapi.json"), ("DELETE", "/v1/jobs/1"),
    ):  # fmt: skip
        answer = http.request(method, route, headers={"Authorization": "Bearer guess"})

        assert answer.status_code == 401, route
        assert "token" in answer.json()["error"], route


def test_a_recording_becomes_a_result_by_its_settings(http: TestClient) -> None:
    job = submit(http, b"hello", '{"seed": 7}')

    last = final(http, job.id)

    assert (last.state, last.progress, last.warnings) == ("done", 1.0, ("This is a test.",))
    assert http.get(f"/v1/jobs/{job.id}/result").content == b"7:hello"


def test_a_photo_becomes_a_head_and_landmarks(http: TestClient) -> None:
    for route, expected in (("heads", b"512:face"), ("landmarks", b"face")):
        answer = http.post(
            f"/v1/{route}",
            files={"photo": ("a.png", b"face")},
            data={"settings": '{"texture_pixels": 512}'},
        )
        job = from_json(JobStatus, answer.text)

        assert final(http, job.id).state == "done", route
        assert http.get(f"/v1/jobs/{job.id}/result").content == expected, route


def test_events_come_in_order_and_end_with_the_final_state(http: TestClient) -> None:
    job = submit(http, b"hello")

    states = [json.loads(line) for line in http.get(f"/v1/jobs/{job.id}/events").text.splitlines()]

    assert [s["progress"] for s in states] == sorted(s["progress"] for s in states)
    assert states[-1]["state"] == "done"


def test_a_failing_job_says_why(http: TestClient) -> None:
    job = submit(http, b"bad")

    last = final(http, job.id)

    assert (last.state, last.error) == ("failed", "Expected speech, found a.wav.")
    assert http.get(f"/v1/jobs/{job.id}/result").status_code == 409


def test_a_fault_of_the_program_is_logged_and_not_shown(http: TestClient, caplog) -> None:
    job = submit(http, b"bug")

    last = final(http, job.id)

    assert last.state == "failed"
    assert "unexpected error" in (last.error or "")
    assert "ZeroDivision" not in (last.error or "")
    assert "a fault of the program" in caplog.text


def test_the_worker_goes_on_after_a_failure(http: TestClient) -> None:
    submit(http, b"bug")
    job = submit(http, b"hello")

    assert final(http, job.id).state == "done"


def test_cancelling_frees_the_worker_within_a_fraction_of_a_second(http: TestClient) -> None:
    slow = submit(http, b"slow")
    running(http, slow.id)
    waiting = submit(http, b"hello")
    began = time.monotonic()

    http.delete(f"/v1/jobs/{slow.id}")

    assert final(http, waiting.id).state == "done"
    assert time.monotonic() - began < 1.0
    assert final(http, slow.id).state == "cancelled"


def test_a_waiting_job_can_be_cancelled(http: TestClient) -> None:
    slow = submit(http, b"slow")
    waiting = submit(http, b"hello")

    answer = http.delete(f"/v1/jobs/{waiting.id}")

    assert answer.json()["state"] == "cancelled"
    http.delete(f"/v1/jobs/{slow.id}")


def test_a_full_queue_says_so(http: TestClient) -> None:
    first = submit(http, b"slow")
    running(http, first.id)
    jobs = [first, submit(http, b"slow"), submit(http, b"slow")]

    answer = http.post("/v1/animations", files={"audio": ("a.wav", b"slow")})

    assert answer.status_code == 429
    assert "2 jobs wait already" in answer.json()["error"]
    for job in reversed(jobs):
        http.delete(f"/v1/jobs/{job.id}")


def test_a_server_that_leaves_takes_no_more_jobs(
    http: TestClient, queue: JobQueue, tmp_path: Path
) -> None:
    queue.close()

    answer = http.post("/v1/animations", files={"audio": ("a.wav", b"hello")})

    assert answer.status_code == 429
    assert "leaving" in answer.json()["error"]
    assert not list(tmp_path.glob("*.wav"))


def test_uploads_above_the_limit_are_refused(http: TestClient) -> None:
    known = http.post("/v1/animations", files={"audio": ("a.wav", bytes(200_000))})
    chunks = (bytes(50_000) for _ in range(4))
    unknown = http.post(
        "/v1/animations",
        content=chunks,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    for answer in (known, unknown):
        assert answer.status_code == 413
        assert "larger" in answer.json()["error"]


def test_wrong_settings_are_refused_with_a_sentence(http: TestClient) -> None:
    for settings, expected in (
        ('{"sede": 1}', "unknown: sede"),
        ('{"seed": -1}', "seed must be"),
        ('{"fps": 0}', "frame rate must be above 0"),
        ("nonsense", "JSON object"),
    ):
        answer = http.post(
            "/v1/animations", files={"audio": ("a.wav", b"x")}, data={"settings": settings}
        )

        assert answer.status_code == 400, settings
        assert expected in answer.json()["error"], settings


def test_a_request_without_a_file_is_refused_with_a_sentence(http: TestClient) -> None:
    answer = http.post("/v1/animations", data={"settings": "{}"})

    assert answer.status_code == 422
    assert "audio" in answer.json()["error"]


def test_an_unknown_job_is_not_found(http: TestClient) -> None:
    for method, route in (("GET", ""), ("GET", "/events"), ("GET", "/result"), ("DELETE", "")):
        answer = http.request(method, f"/v1/jobs/nobody{route}")

        assert answer.status_code == 404, route
        assert "nobody" in answer.json()["error"], route


def test_a_wrong_address_says_where_the_right_ones_stand(http: TestClient) -> None:
    for method, path, code in (("GET", "/v2/info", 404), ("PUT", "/v1/info", 405)):
        answer = http.request(method, path)

        assert answer.status_code == code
        assert f"no {method} {path}" in answer.json()["error"]
        assert "openapi.json" in answer.json()["error"]


def test_results_and_uploads_stay_bounded_on_disk(http: TestClient, tmp_path: Path) -> None:
    jobs = [submit(http, b"hello") for _ in range(1)]
    for _ in range(5):
        jobs.append(submit(http, b"hello"))
        final(http, jobs[-1].id)

    assert len(list(tmp_path.glob("*.result"))) == 3
    assert not list(tmp_path.glob("*.wav"))


def test_jobs_are_safe_to_submit_from_many_threads(http: TestClient) -> None:
    answers: list[int] = []

    def send() -> None:
        answer = http.post("/v1/animations", files={"audio": ("a.wav", b"hello")})
        answers.append(answer.status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(answers) <= {202, 429}
    assert 202 in answers


def test_a_disk_that_fills_while_a_form_arrives_is_told_as_that(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", lambda **_options: Full())

    answer = http.post("/v1/animations", files={"audio": ("a.wav", b"RIFF" * 100)})

    assert answer.status_code == 507
    assert "Make room where it keeps temporary files" in answer.json()["error"]
    assert "No space left" in answer.json()["error"]

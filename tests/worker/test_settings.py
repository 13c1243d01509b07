"""Settings from the environment."""

from pathlib import Path

import pytest
from limits import parse
from pydantic import ValidationError

from worker.celery_app import celery_broker_url
from worker.settings import Settings


def test_every_setting_is_described() -> None:
    """An operator reads what each one does."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prefix is SEMALIGN_; an empty variable means the default."""
    monkeypatch.setenv("SEMALIGN_MAX_FRAMES", "7")
    monkeypatch.setenv("SEMALIGN_MAX_POINTS", "")
    settings = Settings()
    assert settings.max_frames == 7
    assert settings.max_points == 2_000_000


def test_a_visibility_timeout_within_the_hard_limit_is_refused() -> None:
    """A slow job would run twice at once."""
    with pytest.raises(ValidationError, match="time limits must nest"):
        Settings(visibility_timeout_s=100, hard_time_limit_s=100, soft_time_limit_s=10)


@pytest.mark.parametrize("rate", ["often", "10 per nothing", "0/second", "60"])
def test_a_rate_that_is_none_is_refused_at_the_start(rate: str) -> None:
    """Not by a server that runs, at every post."""
    with pytest.raises(ValidationError, match="rate_per_key"):
        Settings(rate_per_key=rate)


@pytest.mark.parametrize("rate", ["5000/day", "10 per minute", "1/5 seconds", "1/2hours"])
def test_a_rate_that_is_accepted_can_be_counted(rate: str) -> None:
    """By the library that counts."""
    assert parse(Settings(rate_per_key=rate).rate_per_key).amount > 0


def test_the_default_time_limits_nest() -> None:
    """The defaults keep their own rule."""
    settings = Settings()
    assert settings.soft_time_limit_s <= settings.hard_time_limit_s < settings.visibility_timeout_s


def test_the_embedded_socket_is_short_and_one_for_each_data_folder(tmp_path: Path) -> None:
    """The kernel takes 107 bytes, however deep the data folder lies."""
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 20)
    sockets = {Settings(data_dir=folder).embedded_socket for folder in (deep, tmp_path)}
    assert len(sockets) == 2
    assert all(len(str(socket)) < 100 for socket in sockets)


@pytest.mark.parametrize(
    ("redis_py", "celery"),
    [
        ("unix:///run/broker.sock", "redis+socket:///run/broker.sock"),
        ("redis://:secret@broker:6379/1", "redis://:secret@broker:6379/1"),
        ("rediss://broker", "rediss://broker?ssl_cert_reqs=required"),
        ("rediss://broker?ssl_ca_certs=/ca.pem", "rediss://broker?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required"),
        ("rediss://broker?ssl_cert_reqs=none", "rediss://broker?ssl_cert_reqs=none"),
    ],
)
def test_one_broker_url_serves_redis_py_and_celery(redis_py: str, celery: str) -> None:
    """The two write unix sockets differently, and only redis-py checks certificates without being told."""
    assert celery_broker_url(redis_py) == celery

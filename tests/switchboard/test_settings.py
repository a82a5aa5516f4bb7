from __future__ import annotations

import stat
from pathlib import Path

import pytest

from switchboard.settings import Settings, SettingsRefused, load, secret_key

EXAMPLE = ".env.example"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def example(pytestconfig: pytest.Config) -> dict[str, str]:
    lines = (pytestconfig.rootpath / EXAMPLE).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_setting_and_no_other(pytestconfig: pytest.Config) -> None:
    assert list(example(pytestconfig)) == [name.upper() for name in Settings.model_fields]


def test_every_setting_of_the_example_is_explained(pytestconfig: pytest.Config) -> None:
    before = ""
    for line in (pytestconfig.rootpath / EXAMPLE).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert before.startswith(("# ", "TWILIO_API_KEY_SID")), line
        before = line


def test_the_example_as_it_is_gives_the_defaults(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((pytestconfig.rootpath / EXAMPLE).read_text())
    assert load() == Settings(_env_file=None)


def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = load()
    assert settings.home == tmp_path / ".centralino"
    assert settings.database.database == str(tmp_path / ".centralino" / "centralino.db")
    assert (settings.default_region, settings.default_language, settings.timezone) == ("IT", "it-IT", "Europe/Rome")
    assert settings.calls_per_second == 1
    assert settings.public_url is None
    assert settings.redis_url is None


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPANY_NAME=From the file\nDEFAULT_REGION=FR\n")
    monkeypatch.setenv("COMPANY_NAME", "From the environment")
    settings = load()
    assert (settings.company_name, settings.default_region) == ("From the environment", "FR")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@host/name", "only postgresql:// and sqlite:// are known"),
        ("DATABASE_URL", "nonsense", "not a database URL"),
        ("REDIS_URL", "http://host", "not a Redis URL"),
        ("PUBLIC_URL", "phone.example.org", "not a web address"),
        ("TWILIO_API_URL", "https://host?x=1", "not a web address"),
        ("TWILIO_ACCOUNT_SID", "SK123", "AC"),
        ("DEFAULT_REGION", "Italy", "not an ISO 3166 country"),
        ("DEFAULT_LANGUAGE", "italiano", "not a language"),
        ("TIMEZONE", "Europe/Roma", "not an IANA time zone"),
        ("CALLS_PER_SECOND", "0", "greater than 0"),
        ("CALLS_PER_SECOND", "fast", "valid number"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        load()
    message = str(refused.value)
    assert message.startswith(f"{name}: ")
    assert complaint in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_two_bad_values_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEZONE", "x")
    monkeypatch.setenv("DEFAULT_REGION", "x")
    with pytest.raises(SettingsRefused, match=r"DEFAULT_REGION: .*; TIMEZONE: "):
        load()


def test_no_secret_shows_when_settings_are_printed() -> None:
    settings = load(
        database_url="postgresql://u:hunter2@h/d",
        redis_url="redis://:hunter2@h",
        twilio_auth_token="hunter2",
        twilio_api_key_secret="hunter2",
        secret_key="hunter2",
        api_token="hunter2",
    )
    assert "hunter2" not in repr(settings)


def test_two_auth_tokens_while_rotating() -> None:
    assert load(twilio_auth_token="new, old").auth_tokens == ("new", "old")
    assert load().auth_tokens == ()


def test_rest_calls_use_the_key_if_there_is_one_and_the_account_otherwise() -> None:
    account = {"twilio_account_sid": "AC1", "twilio_auth_token": "new,old"}
    assert load(**account).rest_credentials == ("AC1", "new")
    key = {"twilio_api_key_sid": "SK1", "twilio_api_key_secret": "secret"}
    assert load(**account, **key).rest_credentials == ("SK1", "secret")
    assert load().rest_credentials is None


def test_a_secret_key_is_made_once_and_only_we_can_read_it() -> None:
    settings = load()
    key = secret_key(settings)
    assert len(key) >= 32
    assert secret_key(load()) == key
    kept = list(settings.home.iterdir())
    assert [path.name for path in kept] == ["secret_key"]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


def test_a_given_secret_key_is_used_and_not_kept() -> None:
    settings = load(secret_key="k" * 40)
    assert secret_key(settings) == "k" * 40
    assert not settings.home.exists()


def test_a_home_is_for_its_owner_and_one_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    home = Settings(_env_file=None, centralino_home=tmp_path / "new").make_home()
    assert home.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(SettingsRefused, match=r"CENTRALINO_HOME: .*/file/home cannot be made: Not a directory"):
        Settings(_env_file=None, centralino_home=tmp_path / "file" / "home").make_home()

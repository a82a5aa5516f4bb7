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


WHOLE = {
    "hubspot": {"connector_token": "hunter2"},
    "salesforce": {
        "connector_url": "https://example.my.salesforce.com",
        "connector_client_id": "3MVG9",
        "connector_client_secret": "hunter2",
    },
    "webhook": {"connector_url": "https://crm.example.org/x", "connector_secret": "whsec_" + "A" * 32},
}


@pytest.mark.parametrize("connector", list(WHOLE))
def test_a_connector_is_accepted_whole_and_refused_in_one_line_without_a_part(connector: str) -> None:
    given = WHOLE[connector]
    assert "hunter2" not in repr(load(connector=connector, **given))
    for part in given:
        with pytest.raises(SettingsRefused, match=f"CONNECTOR={connector} needs .*{part.upper()}") as refused:
            load(connector=connector, **{name: value for name, value in given.items() if name != part})
        assert "hunter2" not in str(refused.value)


def test_a_token_will_do_for_salesforce_where_there_is_no_client() -> None:
    load(connector="salesforce", connector_url="https://example.my.salesforce.com", connector_token="t")


def test_a_crm_without_tls_must_be_named_as_the_houses_own() -> None:
    given = WHOLE["webhook"] | {"connector": "webhook", "connector_url": "http://crm.lan:8080/x"}
    with pytest.raises(SettingsRefused, match="CONNECTOR_URL: https is needed"):
        load(**given)
    assert load(**given, connector_allow="10.0.0.1, CRM.lan, [::1]").connector_hosts == ("10.0.0.1", "crm.lan", "::1")
    with pytest.raises(SettingsRefused, match="no name or password may stand in it"):
        load(**given | {"connector_url": "https://user:hunter2@crm.example.org"})


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CONNECTOR", "sugar", "'none', 'hubspot', 'salesforce' or 'webhook'"),
        ("CONNECTOR_SECRET", "hunter2", "not a signing secret: whsec_"),
        ("CONNECTOR_ALLOW", "10.0.0.0/8", "not a host name or address"),
        ("CONNECTOR_ALLOW", "https://crm.lan", "not a host name or address"),
        ("CONNECTOR_ALLOW", "crm.lan:8080", "not a host name or address"),
        ("CONNECTOR_URL", "crm.example.org", "not a web address"),
    ],
)
def test_a_bad_part_of_a_connector_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        load()
    assert str(refused.value).startswith(f"{name}: ")
    assert complaint in str(refused.value)
    assert "hunter2" not in str(refused.value)


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

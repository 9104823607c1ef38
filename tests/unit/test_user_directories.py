"""Settings and state lie where the library that knows every system says, also where it is not asked."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import user_directories

PLACES = st.none() | st.sampled_from(["", "/srv/x", "relative/x", "/home/mia", "~", "~/x", " ", "/", "//x", "/a/../b"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(home=PLACES, config=PLACES, state=PLACES)
def test_the_usual_answer_is_that_of_the_library(
    home: str | None, config: str | None, state: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name, value in (("HOME", home), ("XDG_CONFIG_HOME", config), ("XDG_STATE_HOME", state)):
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        found = user_directories.config_directory(), user_directories.state_directory()
        assert [str(path) for path in found] == [
            str(Path(platformdirs.user_config_dir("forkjoin"))),
            str(Path(platformdirs.user_state_dir("forkjoin"))),
        ]

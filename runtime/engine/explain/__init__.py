"""Why a run is as it is: reasons, summary, fork strip, lateness, advice. Pure."""

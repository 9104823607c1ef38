"""Proxies as the environment names them: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib import request

from runtime.errors import Unreachable


class Proxies:
    """Read once; a host that NO_PROXY names is asked directly."""

    def __init__(self, proxies: Mapping[str, str] | None = None) -> None:
        """`proxies` by scheme, `no` for the hosts without; by default those of the environment."""
        self._proxies = dict(request.getproxies_environment() if proxies is None else proxies)
        self._any = any(name != "no" for name in self._proxies)

    def of(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy for a host, None where there is none.

        Raises:
            Unreachable: The proxy is of a kind that is not supported; nothing was sent.
        """
        if not self._any:
            return None
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        if not proxy or self._bypassed(host, port):
            return None
        url = proxy if "://" in proxy else f"http://{proxy}"
        kind = url.partition("://")[0].lower()
        if kind not in ("http", "https"):
            raise Unreachable(
                f"{host} could not be reached: the proxy in the environment is of the kind {kind}, and only http and "
                "https proxies are supported. Set another one, or name the host in NO_PROXY.",
                sent=False,
            )
        return url

    def _bypassed(self, host: str, port: int | None) -> bool:
        place = f"{host}:{port}" if port is not None else host
        stdlib: Any = request  # typeshed leaves the function out on some platforms
        return bool(stdlib.proxy_bypass_environment(place, self._proxies))

"""What openstacksdk does for us: clouds.yaml and OS_*, login and catalog. Lists are plain requests with its token.

Its own calls for lists are not used: they drop rows' fields, look for versions first, and know no cells that are down.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path

import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import ClientException, EmptyCatalog, EndpointNotFound, Unauthorized
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.exceptions import SDKException

from cs_exporter.model import ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiRow
from cs_exporter.transports.clouds import openstack_errors as errors
from cs_exporter.transports.clouds.openstack_lists import LISTS, Ask, List, collected
from cs_exporter.transports.clouds.wire import Wire, checked_authority

ENDPOINTS = "keystone.endpoints"
_SECRETS = ("password", "secret", "token", "passcode")
_LOUD = ("keystoneauth", "openstack", "stevedore")
"""Loggers of libraries that write whole requests at DEBUG, and a warning of each failure that we report anyway."""


class LoginSession(Session):
    """A session whose login never waits for itself.

    Where keystone, or a proxy before it, answers 401 to the question for its versions, keystoneauth asks again with a
    token, which the same thread is about to fetch, and waits for its own lock for ever.
    """

    _logging_in = False

    def get_auth_headers(self, auth: BaseAuthPlugin | None = None) -> dict[str, str] | None:
        """See keystoneauth; all our logins begin here. Raises Unauthorized where one needs another."""
        if self._logging_in:
            raise Unauthorized("keystone does not tell its versions without a login", http_status=401)
        self._logging_in = True
        try:
            return super().get_auth_headers(auth)
        finally:
            self._logging_in = False


class Sdk:
    """One cloud's configuration as it was read, and a login that is renewed before it ends. Raises ProbeFailed.

    `is_logged_in`: it has been, and was not refused since. `configured`: all that it goes by, secrets included.
    """

    def __init__(self, target: SdkTarget, wire: Wire) -> None:
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.ERROR)
        # It warns of what will go in its next version, whether or not one uses that.
        for kind in (DeprecationWarning, PendingDeprecationWarning):
            warnings.filterwarnings("ignore", category=kind, module=r"openstack\.")
        self.is_logged_in = False
        self._wire = wire
        with _configuring(target):
            self._region = _region(target)
            self.configured = deepcopy(self._region.config)
            self._session = self._region.get_session()
        self._session.session = wire
        self._session.redirect = False
        if isinstance(self._session.verify, str):
            checked_authority(self._session.verify)
        auth = self._region.config.get("auth") or {}
        self._hidden = [str(value) for name, value in auth.items() if any(word in name for word in _SECRETS)]

    def listed(self, command: str) -> tuple[ApiRow, ...]:
        """All elements. Raises ProbeFailed, ApiError where the cloud's own word is the reason."""
        try:
            self._log_in()
            return self._catalog() if command == ENDPOINTS else collected(LISTS[command], self._asking(LISTS[command]))
        except ClientException as error:
            refused = errors.from_keystone(error, self._wire.place)
            self.is_logged_in = self.is_logged_in and refused.reason is not Reason.DENIED
            raise self._without_secrets(refused) from None
        except ProbeFailed as failure:
            raise self._without_secrets(failure) from None

    def _log_in(self) -> None:
        """Unless there is a token that is good for a while. Raises ProbeFailed and ClientException."""
        try:
            self._session.get_auth_headers()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise errors.no_keystone(self._wire.place) from error
        self.is_logged_in = True

    def _asking(self, wanted: List) -> Ask:
        """What gets one page of a list, by its query and the microversion that is asked for."""
        url = wanted.url(self._endpoint(wanted.service), self._session.get_project_id() or "")

        def ask(query: str, microversion: str) -> requests.Response:
            return self._session.get(
                f"{url}?{query}" if query else url,
                endpoint_filter={"service_type": wanted.service},
                microversion=microversion or None,
                headers={"Accept": "application/json"},
                raise_exc=False,
                connect_retries=0,
            )

        return ask

    def _endpoint(self, service: str) -> str:
        region = self._region
        interface, name = region.get_interface(service), region.get_region_name(service)
        adapter = Adapter(
            session=self._session,
            service_type=region.get_service_type(service),
            service_name=region.get_service_name(service),
            interface=interface,
            region_name=name,
            endpoint_override=region.get_endpoint(service),
        )
        try:
            url = adapter.get_endpoint()
        except EmptyCatalog:
            raise
        except EndpointNotFound:
            url = None
        if url is None:
            raise errors.not_in_catalog(service, str(interface), name or "")
        return url

    def _catalog(self) -> tuple[ApiRow, ...]:
        """The catalog that came with the login, without other regions' endpoints."""
        auth = self._session.auth
        if not isinstance(auth, BaseIdentityPlugin):
            raise ProbeFailed(Reason.COMMAND, "the way to log in (auth_type) brings no catalog", ours=True)
        catalog = auth.get_access(self._session).service_catalog.catalog
        region = self._region.get_region_name()
        return tuple({**row, "endpoints": _of_region(row, region)} for row in catalog)

    def _without_secrets(self, failure: ProbeFailed) -> ProbeFailed:
        """The same, in case a server repeats what it was told."""
        for secret in self._hidden:
            failure.detail = failure.detail.replace(secret, "***")
        failure.args = (f"{failure.reason.value}: {failure.detail}",)
        return failure


def _of_region(service: ApiRow, region: str | None) -> tuple[ApiRow, ...]:
    """A service's endpoints; all of them where no region is configured."""
    return tuple(
        endpoint
        for endpoint in service.get("endpoints") or ()
        if not region or region in (endpoint.get("region_id"), endpoint.get("region"))
    )


def _region(target: SdkTarget) -> CloudRegion:
    """What is configured. A file that is named counts alone; without one openstacksdk looks in its usual places."""
    configured = partial(OpenStackConfig, session_constructor=LoginSession, app_name="cs_exporter")
    if target.clouds_file is None:
        return configured().get_one(cloud=target.cloud)
    Path(target.clouds_file).read_bytes()  # the library passes over a file that it can't read
    config = configured(config_files=[target.clouds_file], load_envvars=target.cloud is None)
    return config.get_one(cloud=target.cloud)


@contextmanager
def _configuring(target: SdkTarget) -> Iterator[None]:
    """Errors of the configuration: ours, and each in a line."""
    where = target.clouds_file or ("clouds.yaml" if target.cloud else "the variables OS_*")
    try:
        yield
    except OSError as error:
        raise ProbeFailed(Reason.COMMAND, f"{where}: {error.strerror or type(error).__name__}", ours=True) from error
    except (SDKException, ClientException) as error:
        why = " ".join(str(error).split())
        raise ProbeFailed(Reason.COMMAND, f"{where}: {why}", ours=True) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProbeFailed(Reason.COMMAND, f"{where}: not as a clouds.yaml has to be", ours=True) from error

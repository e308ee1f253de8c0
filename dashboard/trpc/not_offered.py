"""Homarr's procedures that are not offered here, and in which words that is told.

The table has all of Homarr 1.46: what a router of ours declares is found there first.
"""

from __future__ import annotations

from typing import Any

from dashboard.errors import ProcedureError
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Kind, Procedure

_KINDS: dict[str, Kind] = {"Q": "query", "M": "mutation", "S": "subscription"}

#: router: its procedures, each list behind the letter of its kind.
HOMARR = {
    "apiKeys": "Q getAll M create delete",
    "app": "Q getPaginated all search selectable byId byIds"
    " M create createMany update delete",
    "board": "Q exists getPublicBoards getBoardsForGroup getAllBoards search"
    " getHomeBoard getBoardByName getBoardPermissions"
    " M createBoard duplicateBoard renameBoard changeBoardVisibility deleteBoard"
    " setHomeBoard setMobileHomeBoard saveLayouts savePartialBoardSettings saveBoard"
    " saveUserBoardPermissions saveGroupBoardPermissions importOldmarrConfig",
    "certificates": "M addCertificate trustHostnameMismatch removeTrustedHostname"
    " removeCertificate",
    "cronJobs": "Q getJobs M triggerJob startJob stopJob updateJobInterval disableJob"
    " enableJob S subscribeToStatusUpdates",
    "docker": "Q getContainers M invalidate startAll stopAll restartAll removeAll"
    " S subscribeContainers",
    "group": "Q getAll getPaginated getById selectable search"
    " M createInitialExternalGroup createGroup updateGroup savePartialSettings"
    " savePositions savePermissions transferOwnership deleteGroup addMember"
    " removeMember",
    "home": "Q getStats",
    "icon": "Q findIcons",
    "import": "M analyseInitialOldmarrImport validateToken importInitialOldmarrImport",
    "info": "Q getInfo",
    "integration": "Q all allThatSupportSearch allOfGivenCategory search byIds byId"
    " getIntegrationPermissions searchInIntegration"
    " M create update delete saveUserIntegrationPermissions"
    " saveGroupIntegrationPermissions",
    "invite": "Q getAll M createInvite deleteInvite",
    "kubernetes.cluster": "Q getCluster getClusterResourceCounts",
    "kubernetes.configMaps": "Q getConfigMaps",
    "kubernetes.ingresses": "Q getIngresses",
    "kubernetes.namespaces": "Q getNamespaces",
    "kubernetes.nodes": "Q getNodes",
    "kubernetes.pods": "Q getPods",
    "kubernetes.secrets": "Q getSecrets",
    "kubernetes.services": "Q getServices",
    "kubernetes.volumes": "Q getVolumes",
    "location": "Q searchCity",
    "log": "S subscribe",
    "media": "Q getPaginated M uploadMedia deleteMedia",
    "onboard": "Q currentStep M nextStep previousStep",
    "searchEngine": "Q getPaginated getSelectable byId getDefaultSearchEngine search"
    " getMediaRequestOptions M requestMedia create update delete",
    "section": "M changeCollapsed",
    "serverSettings": "Q getCulture getAll M saveSettings initSettings",
    "updateChecker": "Q getAvailableUpdates",
    "user": "Q getAll selectable search getById"
    " M initUser register create setProfileImage editProfile delete changePassword"
    " changeHomeBoards changeDefaultSearchEngine changeSearchPreferences"
    " changeColorScheme changePingIconsEnabled changeFirstDayOfWeek",
    "widget.app": "Q ping S updatedPing",
    "widget.calendar": "Q findAllEvents S subscribeToEvents",
    "widget.dnsHole": "Q summary M enable disable S subscribeToSummary",
    "widget.downloads": "Q getJobsAndStatuses"
    " M pause pauseItem resume resumeItem deleteItem S subscribeToJobsAndStatuses",
    "widget.firewall": "Q getFirewallCpuStatus getFirewallInterfacesStatus"
    " getFirewallVersionStatus getFirewallMemoryStatus"
    " S subscribeFirewallCpuStatus subscribeFirewallInterfacesStatus"
    " subscribeFirewallVersionStatus subscribeFirewallMemoryStatus",
    "widget.healthMonitoring": "Q getSystemHealthStatus getClusterHealthStatus"
    " S subscribeSystemHealthStatus subscribeClusterHealthStatus",
    "widget.indexerManager": "Q getIndexersStatus M testAllIndexers"
    " S subscribeIndexersStatus",
    "widget.mediaRelease": "Q getMediaReleases S subscribeToReleases",
    "widget.mediaRequests": "Q getLatestRequests getStats M answerRequest"
    " S subscribeToLatestRequests",
    "widget.mediaServer": "Q getCurrentStreams S subscribeToCurrentStreams",
    "widget.mediaTranscoding": "Q getDataAsync S subscribeData",
    "widget.minecraft": "Q getServerStatus S subscribeServerStatus",
    "widget.networkController": "Q summary S subscribeToSummary",
    "widget.notebook": "M updateContent",
    "widget.notifications": "Q getNotifications S subscribeNotifications",
    "widget.options": "Q getWidgetOptionSettings",
    "widget.releases": "Q getLatest",
    "widget.rssFeed": "Q getFeeds",
    "widget.smartHome": "Q entityState M switchEntity executeAutomation"
    " S subscribeEntityState",
    "widget.stockPrice": "Q getPriceHistory",
    "widget.weather": "Q atLocation S subscribeAtLocation",
}

#: What a router needs and this house has not, by the router's name or its beginning.
_REASONS = {
    "certificates": "certificates are not managed here",
    "docker": "containers are not managed here",
    "import": "backups of Homarr before 1.0 are not imported here, only a board at a"
    " time by board.importOldmarrConfig",
    "kubernetes": "clusters are not managed here",
    "widget.minecraft": "Minecraft servers are not asked here",
    "widget.releases": "releases of software are not looked up here",
    "widget.stockPrice": "prices of stocks are not looked up here",
    "integration": "there are no integrations here",
    "widget": "there are no integrations here",
    "searchEngine": "there are no integrations here",
}


def find_refusal(path: str) -> Procedure | None:
    """A procedure of Homarr's, one that answers NOT_IMPLEMENTED; None of others."""
    router, _, name = path.rpartition(".")
    kind = read_kinds(router).get(name)
    if kind is None:
        return None

    async def refuse(_context: Context) -> Any:
        raise ProcedureError("NOT_IMPLEMENTED", _tell(path, router))

    return Procedure(name=name, kind=kind, guard=anyone, function=refuse)


def read_kinds(router: str) -> dict[str, Kind]:
    """The procedures of a router of Homarr's and their kinds; empty for others."""
    kinds = {}
    kind: Kind = "query"
    for word in HOMARR.get(router, "").split():
        if word in _KINDS:
            kind = _KINDS[word]
        else:
            kinds[word] = kind

    return kinds


def _tell(path: str, router: str) -> str:
    reasons = (
        reason
        for start, reason in _REASONS.items()
        if router == start or router.startswith(f"{start}.")
    )
    return f'"{path}" is not offered: {next(reasons, "it has not been built here")}'

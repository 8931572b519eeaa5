"""What the words of the catalog and of gpstate mean, and what to type then: for `help`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ROLE = (
    "what a segment does now: p (Primary) takes the writes of its content, m (Mirror) follows it. FTS swaps the two "
    "when a primary fails, and never back: preferred_role is what the pair was built with.",
    "gprecoverseg -r",
)
_MODE = (
    "s (Synchronized): a commit waits for the mirror, so that the primary can be lost. n (Not In Sync): it does not, "
    "and the mirror is not promoted. Both rows of a pair have the same mode; the coordinator's means nothing.",
    "gpstate -e",
)
_STATUS = (
    "u (Up) or d (Down), by the catalog. Only mirrors are ever marked down; FTS marks them up again when they follow "
    "their primary. Of status and mode of primary and mirror only u/s and u/s, u/n and u/n, u/n and d/n are valid.",
    "gprecoverseg",
)
_DOWN = ("FTS has marked it down: it does not follow its primary, and commits do not wait for it.", "gprecoverseg")

MEANINGS: Mapping[str, tuple[str, str]] = {
    "role": _ROLE,
    "preferred role": _ROLE,
    "primary": _ROLE,
    "mirror": _ROLE,
    "mode": _MODE,
    "synchronized": _MODE,
    "not in sync": _MODE,
    "status": _STATUS,
    "up": ("by the catalog it is up, and its host says that it does what its role says.", ""),
    "down": _DOWN,
    "down in configuration": _DOWN,
    "process error": (
        "its host answers and no server runs there; the catalog still says up. FTS marks it down: a primary in its "
        "next cycle, a mirror after gp_fts_mark_mirror_down_grace_period.",
        "gpstate -e",
    ),
    "unknown": (
        "its host cannot be reached by SSH, so nothing is known of it but what the catalog says.",
        "gpstate -e",
    ),
    "acting as mirror": (
        "the catalog calls it a primary, and it is still a standby: it is being promoted.",
        "gpstate -e",
    ),
    "acting as primary": (
        "the catalog calls it a mirror, and it takes writes: somebody has started a former primary by hand. FTS fences "
        "it once it is down in the catalog.",
        "gpstate -e",
    ),
    "rejecting connections": ("its server runs and lets nobody in: it starts, stops, or recovers.", "gpstate -e"),
    "double fault": (
        "the acting primary of a pair does not run, and its mirror was not in sync: nobody else has all of its "
        "content, so FTS changes nothing. Start the primary's server where it is; `gpstate -e` says how.",
        "gpstate -e",
    ),
    "roles switched": _ROLE,
}
"""A word -> what it means, and the command that is typed then; "" for none."""


def topics() -> dict[str, Sequence[str]]:
    """What `help WORD` tells."""
    every = f"    More words with a help page: {', '.join(MEANINGS)}."
    return {word: _told(word, *MEANINGS[word], every if word in ("status", "mode") else "") for word in MEANINGS}


def _told(word: str, what: str, command: str, more: str) -> Sequence[str]:
    lines = (f"{word}: {what}", more, f"NEXT: {command}" if command else "")
    return [line for line in lines if line]

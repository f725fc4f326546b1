"""A Registry in memory, under the same contract as the real one; a test says how each company stands."""

from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr
from nemboks.ports import Gone, InboxError, Standing

LOGIN = {"system_id": "s-1", "api_token": "hemmelig"}


def standing(
    name: str = "Bageriet ApS", life: Life = Life.ACTIVE, consent: Consent = Consent.GIVEN, curator: bool = False
) -> Standing:
    """A company's standing; with consent it has a login for us, and a ceased one shows none."""
    if life is Life.CEASED:
        return Standing(name, life, Consent.AWAITED, curator)
    return Standing(name, life, consent, curator, LOGIN if consent is Consent.GIVEN else {})


class FakeRegistry:
    def __init__(self, **companies: Standing) -> None:
        self.companies: dict[str, Standing] = dict(companies)
        self.error: InboxError | None = None  # planted: every look-up meets it
        self.asked: list[str] = []

    async def look_up(self, cvr: Cvr) -> Standing:
        self.asked.append(cvr)
        if self.error:
            raise self.error
        if cvr not in self.companies:
            raise Gone("no such organisation")
        return self.companies[cvr]

"""The time of a probe, in UTC and in the calendar of the law."""

from dataclasses import dataclass
from datetime import UTC, datetime

from amanat.calendars import solar_hijri


@dataclass(frozen=True)
class Moment:
    """An instant; `utc` is ISO 8601, `solar_hijri` the same instant on Tehran's clock."""

    utc: str
    solar_hijri: str

    @classmethod
    def now(cls) -> "Moment":
        return cls.of(datetime.now(UTC))

    @classmethod
    def of(cls, instant: datetime) -> "Moment":
        """Both calendars for an aware `instant`."""
        utc = instant.astimezone(UTC)
        return cls(
            utc=utc.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            solar_hijri=solar_hijri(utc),
        )

    def as_json(self) -> dict[str, str]:
        return {"utc": self.utc, "solar_hijri": self.solar_hijri}

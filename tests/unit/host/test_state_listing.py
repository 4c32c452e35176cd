"""How items of a state come together: none is lost."""

from amanat_host.state.listing import BESIDE, Listing, joined


def test_of_two_values_of_one_name_both_stay():
    listing = Listing()
    for value in ("b", "a", "b"):
        listing.add("thing", value)
    assert listing.items == {"thing": f"a{BESIDE}b"}


def test_listings_that_are_joined_keep_each_others_values():
    parts = Listing(), Listing()
    for part, value in zip(parts, ("a", "b"), strict=True):
        part.add("thing", value)
    assert joined(*parts).items == {"thing": f"a{BESIDE}b"}


def test_since_when_is_the_latest_change():
    parts = Listing(), Listing()
    for part, changed in zip(parts, (7200, 3600), strict=True):
        part.add("thing", "same", changed)
    assert joined(*parts).since == {"thing": "1970-01-01T02:00:00Z"}

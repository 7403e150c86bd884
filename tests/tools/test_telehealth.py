"""How a remote visit was held: with picture, or with sound only, as the record says it."""

import pytest

from tools.telehealth import by_picture, by_sound, is_sound_only


@pytest.mark.parametrize(
    ("text", "picture", "sound"),
    [
        ("Video visit with live two-way audio and video.", True, False),
        ("Telephone visit, audio only.", False, True),
        ("Telephone visit; she is at home and has no video.", False, True),
        ("The video failed twice, so we finished by telephone.", False, True),
        ("He declined video and was seen by phone.", False, True),
        ("Seen by video; the pharmacy was reached by telephone.", True, True),
        ("Seen in the office.", False, False),
    ],
)
def test_picture_and_sound(text: str, picture: bool, sound: bool) -> None:
    assert (by_picture(text), by_sound(text)) == (picture, sound)
    assert is_sound_only(text) is (sound and not picture)

"""What reaches the player is not always what was sent: the film begins and goes on all the same."""

from school.demo import texts
from school.demo.accounts import PASSWORD
from tests.browser.studying import VIDEO, open_from_catalogue, play, play_until, player_ready

WATCHER = "D0011"
SLUG = "privacy-lesson"
FILM = next(each for each in texts.lessons(brief=True) if each.head["slug"] == SLUG)
FIRST = 4096  # bytes of the file; a browser's cache in memory keeps blocks of that size


class Cutter:
    """Hands on the first pieces of picture and of sound only as far as a cached block goes."""

    def __init__(self) -> None:
        self.cut: set[str] = set()

    def __call__(self, route) -> None:
        url, asked = route.request.url, route.request.headers.get("range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0])
        if start == 0 or url in self.cut:
            route.continue_()
            return
        self.cut.add(url)
        answer = route.fetch()
        headers = {key: value for key, value in answer.headers.items() if key != "content-length"}
        route.fulfill(status=206, headers=headers, body=answer.body()[: FIRST - start])


def test_a_piece_that_arrives_short_is_asked_for_again_before_it_is_decoded(visitors):
    page = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    cutter = Cutter()
    page.route("**/v/**/*.mp4", cutter)
    open_from_catalogue(page, "lesson", FILM.head["title"])
    player_ready(page)
    source = page.evaluate(f"{VIDEO}.currentSrc")
    play(page)
    play_until(page, 2)
    assert len(cutter.cut) == 2, "nothing was cut"
    assert page.evaluate(f"{VIDEO}.currentSrc") == source, "the decoder failed and was set up anew"
    assert page.evaluate(f"{VIDEO}.buffered.start(0)") < 0.5

"""Sessions in Django's table, each written as seldom as its content asks for."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.utils.crypto import get_random_string

from school.core.prepared import PreparedInsert

KEY_LENGTH = 32
_insert = PreparedInsert(Session)


class SessionStore(db.SessionStore):
    """Django's store without the statements that tell it nothing new."""

    _written: tuple[str | None, bytes] | None = None

    def _get_new_session_key(self) -> str:
        """A key nobody has: the table's own key says so when the row is made, not a look before."""
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    def save(self, must_create: bool = False) -> None:
        """Write the session, unless this very content has just been written.

        A sign-in makes the row with everything in it; the middleware would write it once more
        only because it sets the cookie.
        """
        if self.session_key is None:
            self.create()
            return
        content = self.serializer().dumps(self._get_session(no_load=must_create))
        now = (self.session_key, content)
        if must_create or self._written != now:
            if must_create:
                # Without Django's savepoint: a key of 190 random bits is never taken already.
                _insert(self.create_model_instance(self._get_session(no_load=True)))
            else:
                super().save()
            self._written = now

    def delete(self, session_key: str | None = None) -> None:
        """Take a session away in one statement."""
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=key).delete()

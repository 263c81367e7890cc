"""Counts the SQL statements of a request that asks for it; others run unburdened."""

import re

from django.db import connection

ASK, ANSWER = "X-Count-Statements", "X-Statements"
CONTROL = re.compile(r"^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|PRAGMA)\b", re.I)
SESSION = re.compile(r"[\"`]django_session[\"`]")
USER = re.compile(r"^\s*SELECT\b.*\bFROM [\"`]members_member[\"`] WHERE \S*[\"`]id[\"`] = ", re.S)


class StatementCounter:
    """Answers ``X-Statements: all/own``: all statements, and those besides session, the first
    reading of the user, and transaction control."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        if ASK not in request.headers:
            return self.get_response(request)
        statements: list[str] = []

        def note(execute, sql, params, many, context):
            statements.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            response = self.get_response(request)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
        own = [s for s in statements if not CONTROL.match(s) and not SESSION.search(s)]
        user = next((s for s in own if USER.match(s)), None)
        if user is not None:
            own.remove(user)
        response[ANSWER] = f"{len(statements)}/{len(own)}"
        return response

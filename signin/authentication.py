"""DRF authentication classes: an access token in the header, or a browser's session with CSRF protection."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import AUTH_HEADER_TYPE_BYTES, JWTAuthentication

from kernel.caller import Caller
from kernel.http.browser import SESSION_KEY
from kernel.ids import bounded_id
from kernel.recording import caller_known
from signin.callers import caller_of
from signin.suspension import suspended
from signin.tokens import AccessToken, InvalidToken


class TokenAuthentication(JWTAuthentication):
    """`Authorization: JWT <access token>` or `Bearer <access token>`, the word in any case."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        words = header.split()
        known = {name.lower(): name for name in AUTH_HEADER_TYPE_BYTES}
        return super().get_raw_token(b" ".join([*(known.get(word.lower(), word) for word in words[:1]), *words[1:]]))

    def authenticate_header(self, request) -> str:
        return "JWT"

    def get_validated_token(self, raw_token):
        try:
            return AccessToken.read(raw_token)
        except InvalidToken as error:
            raise AuthenticationFailed("The token is not valid or has expired.") from error

    def get_user(self, validated_token) -> Caller:  # type: ignore[override]
        session, kind = validated_token.get("sid"), validated_token.get("kind")
        caller = caller_of(session, kind) if bounded_id(session) else None
        if caller is None:
            raise AuthenticationFailed("The session of this token has ended.")
        return _let_in(caller)


def _let_in(caller: Caller) -> Caller:
    from kernel.errors import refusal  # DRF's views import this module

    caller_known(caller)
    if (why := suspended(caller)) is not None:
        raise refusal(why)  # an error of DRF's own: after another one it asks again when a page names the caller
    return caller


class BrowserAuthentication(SessionAuthentication):
    """The session that the sign-in page opened, for the browsable API."""

    def authenticate(self, request):
        # None for requests with an Authorization header of another kind: the session middleware leaves these out.
        browser_session = getattr(request._request, "session", None)
        session_id = browser_session and browser_session.get(SESSION_KEY)
        caller = caller_of(session_id, "person") if isinstance(session_id, int) else None
        if caller is None:
            return None
        self.enforce_csrf(request)
        return _let_in(caller), None

"""How requests say who asks: a token in the header, or a browser's session with CSRF protection."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication

from kernel.caller import Caller
from kernel.ids import bounded_id
from signin.callers import caller_of
from signin.tokens import AccessToken, InvalidToken

SESSION_KEY = "caller_session"


class TokenAuthentication(JWTAuthentication):
    """`Authorization: JWT <access token>` or `Bearer <access token>`."""

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
        return caller


class BrowserAuthentication(SessionAuthentication):
    """The session that the sign-in page opened, for the browsable API."""

    def authenticate(self, request):
        kept = getattr(request._request, "session", None)  # a call with a header that is no token has none
        session = kept and kept.get(SESSION_KEY)
        caller = caller_of(session, "person") if isinstance(session, int) else None
        if caller is None:
            return None
        self.enforce_csrf(request)
        return caller, None

"""All settings. Values come from the environment; `.env.example` lists every variable with its meaning and default.

With DEMO=1 (a local start) keys are generated once and stored in `var/`, the database is SQLite, hosts are local.
Without DEMO=1 a missing required variable stops the start.
"""

import re
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from tesla_api.local import local_keys

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, meaning: str) -> str:
    """The variable's value; exits with one line when it is missing."""
    value = env.str(name, default="")
    if not value:
        sys.exit(f"{name} is not set: {meaning}. See .env.example, or set DEMO=1 for a local start.")
    return value


DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

if DEMO:
    _local = local_keys(VAR_DIR)
    SECRET_KEY = env.str("SECRET_KEY", default=_local["secret_key"])
    _token_keys = env.str("TOKEN_KEYS", default=_local["token_keys"])
    ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[_local["encryption_key"]])
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
    _database = env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'tesla.sqlite3'}")
else:
    SECRET_KEY = required("SECRET_KEY", "Django's secret key, 50 random characters")
    _token_keys = required("TOKEN_KEYS", "the key ring of the tokens, as name:secret, the signing key first")
    ENCRYPTION_KEYS = [key.strip() for key in required("ENCRYPTION_KEYS", "Fernet keys, the newest first").split(",")]
    ALLOWED_HOSTS = [h.strip() for h in required("ALLOWED_HOSTS", "the host names of this service").split(",")]
    _database = required("DATABASE_URL", "the database, as postgres://user:password@host:5432/name")

# Name -> secret. The first key signs, all verify. To rotate, put a new key in front and remove the old one when the
# tokens that it signed have expired.
TOKEN_KEYS: dict[str, str] = dict(entry.strip().split(":", 1) for entry in _token_keys.split(",") if ":" in entry)
if not TOKEN_KEYS or any(len(secret) < 32 or not name.isalnum() for name, secret in TOKEN_KEYS.items()):
    sys.exit(
        "TOKEN_KEYS must be name:secret pairs, separated by commas; names of letters and digits, secrets of 32 or more."
    )

INSTALLED_APPS = [
    "tesla_api.apps.TeslaConfig",
    "demo",
    "console",
    "kernel.apps.KernelConfig",
    "files",
    "institutions",
    "signin",
    "learners",
    "courses",
    "reports",
    "tesla_api.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "corsheaders",
]
MIDDLEWARE = [
    "tesla_api.health.Health",
    "kernel.http.paths.Forwarded",
    "kernel.http.paths.PublicAddress",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tesla_api.policy.ContentSecurityPolicy",
    "kernel.http.paths.BothSlashForms",
    "tesla_api.browsers.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tesla_api.browsers.People",
    "tesla_api.browsers.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tesla_api.urls"
RESOURCE_TREE = "tesla_api.tree"  # where the kernel finds TREE, CALLS and PROCEDURES
WSGI_APPLICATION = "tesla_api.wsgi.application"
APPEND_SLASH = False  # both forms are answered, without redirect
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

DATABASES = {"default": environ.Env.db_url_config(_database)}
DATABASES["default"] |= {"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without these, concurrent writers lose transactions to "database is locked".
    DATABASES["default"] |= {"OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }}  # fmt: skip
else:
    DATABASES["default"] |= {"ENGINE": "kernel.postgres", "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "institutions.User"
AUTHENTICATION_BACKENDS = ["signin.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}PasswordValidator"} for name in ("Common", "Numeric")
] + [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "/"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", default=15))
PERSON_SESSION_LIFETIME = timedelta(hours=env.int("PERSON_SESSION_HOURS", default=24))
MODULE_SESSION_LIFETIME = timedelta(minutes=env.int("MODULE_SESSION_MINUTES", default=120))
GLOBAL_ADMIN_SESSION_LIFETIME = timedelta(minutes=env.int("GLOBAL_ADMIN_SESSION_MINUTES", default=60))
SIGN_IN_FAILURES = env.int("SIGN_IN_FAILURES", default=10)  # per account or role, and address
SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", default=100)
SIGN_IN_FAILURES_PER_ROLE = env.int("SIGN_IN_FAILURES_PER_ROLE", default=50)  # of a VLE or provider, from anywhere
SIGN_IN_WINDOW = timedelta(minutes=env.int("SIGN_IN_WINDOW_MINUTES", default=15))
# The message broker's URL as providers' workers reach it; they get it when they sign in.
PROVIDER_BROKER_URL = env.str("PROVIDER_BROKER_URL", default="")
TRUSTED_PROXIES = [proxy.strip() for proxy in env.list("TRUSTED_PROXIES", default=[])]
try:
    for _proxy in TRUSTED_PROXIES:
        ip_network(_proxy, strict=False)
except ValueError:
    sys.exit("TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, separated by commas.")
_ADDRESS = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
if PUBLIC_URL and not re.fullmatch(_ADDRESS, PUBLIC_URL):
    sys.exit("PUBLIC_URL must be an address without query, such as https://trust.example.org.")

# URLs for learners' pages. A path is below the service's own address, which is also the default for dashboards.
DASHBOARD_URL = (env.str("DASHBOARD_URL", default="") or PUBLIC_URL).rstrip("/")
WEB_PLUGIN_URL = env.str("WEB_PLUGIN_URL", default="") or "/static/web-plugin"
LOGO_URL = env.str("LOGO_URL", default="") or "/static/tesla/mark.svg"
if DASHBOARD_URL and not re.fullmatch(_ADDRESS, DASHBOARD_URL):
    sys.exit("DASHBOARD_URL must be an address without query, such as https://dashboard.example.org.")
if any("auth" in place.lower() for place in ([DASHBOARD_URL] if DASHBOARD_URL else ALLOWED_HOSTS)):
    sys.exit('DASHBOARD_URL must be an address without "auth": VLE plugins cut the launcher\'s address there.')
if not DASHBOARD_URL and any(host.startswith((".", "*")) for host in ALLOWED_HOSTS):
    sys.exit("DASHBOARD_URL or PUBLIC_URL must be set where ALLOWED_HOSTS has patterns: any host may match them.")
for _name, _place in {"WEB_PLUGIN_URL": WEB_PLUGIN_URL, "LOGO_URL": LOGO_URL}.items():
    if not re.fullmatch(r"(https?:/)?(/[^\s/?#@]+)+/?", _place):
        sys.exit(f"{_name} must be an address without query, or a path at this service.")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_DIR", default="") or VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
if env.str("S3_BUCKET", default=""):
    from boto3.s3.transfer import TransferConfig

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.str("S3_BUCKET"),
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
            "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 30,
            "signature_version": "s3v4",
            # Upload parts one after the other: ten parallel ones would be in memory at the same time.
            "transfer_config": TransferConfig(use_threads=False),
        },
    }
EVIDENCE_URL_SECONDS = env.int("EVIDENCE_URL_SECONDS", default=300)
CONSENT_PDF_URL_SECONDS = env.int("CONSENT_PDF_URL_SECONDS", default=24 * 3600)
CONSENT_PDF_BYTES = 10 * 1024 * 1024
REQUEST_BODY_BYTES = env.int("REQUEST_BODY_BYTES", default=2 * 1024 * 1024)  # except file uploads
SAMPLE_BYTES = env.int("SAMPLE_BYTES", default=100 * 1024 * 1024)  # limit of a sample after decoding
SPOOL_DIR = env.str("SPOOL_DIR", default="") or None
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_BYTES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "signin.authentication.TokenAuthentication",
        "signin.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["kernel.access.DeclaredAccess"],
    "DEFAULT_PAGINATION_CLASS": "kernel.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "kernel.filters.DeclaredFilterBackend",
        "kernel.filters.DeclaredSearch",
        "kernel.filters.DeclaredOrdering",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "kernel.http.parsers.JSONParser",
        "kernel.http.parsers.FormParser",
        "kernel.http.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["kernel.http.renderers.JSONRenderer", "kernel.browsable.renderer.BrowsableRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "kernel.http.renderers.Negotiation",
    "DEFAULT_METADATA_CLASS": "kernel.http.metadata.Description",
    "DEFAULT_SCHEMA_CLASS": "kernel.schema.ResourceSchema",
    "EXCEPTION_HANDLER": "kernel.errors.handler",
    "UNAUTHENTICATED_USER": "kernel.caller.Nobody",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "AUTH_HEADER_TYPES": ("JWT", "Bearer"),
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "TOKEN_TYPE_CLAIM": "type",
    "JTI_CLAIM": None,
}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
# What is no field's fault, such as broken JSON, is told as all other refusals are.
_WRONG_VALUES = {"oneOf": [{"$ref": "#/components/schemas/FieldErrors"}, {"$ref": "#/components/schemas/Error"}]}
# By field: texts, or what is wrong inside the field's value.
_WRONG_VALUE = {"oneOf": [{"type": "array", "items": {"type": "string"}}, {"$ref": "#/components/schemas/FieldErrors"}]}
SPECTACULAR_SETTINGS = {
    "TITLE": "TeSLA institution API",
    "DESCRIPTION": "Trust service for online assessment: consents, special needs, instruments, reports and audits.",
    "VERSION": "2",
    "SCHEMA_PATH_PREFIX": "/api/v2",
    "APPEND_COMPONENTS": {
        "headers": {"ETag": {"description": "Of the row's state.", "schema": {"type": "string"}}},
        "schemas": {
            "FieldErrors": {"type": "object", "additionalProperties": _WRONG_VALUE},
            "WrongValues": _WRONG_VALUES,
        },
        "responses": {
            "LengthRequired": {"description": "The body has no Content-Length.", "content": _ERROR},
            "NotAcceptable": {"description": "Accept names nothing that there is.", "content": _ERROR},
            "TooLong": {"description": "The address is longer than 4,094 characters; the answer is a page."},
            "Unreadable": {"description": "Content-Type or Accept cannot be understood.", "content": _ERROR},
        },
    },
    "ENUM_NAME_OVERRIDES": {
        "LevelEnum": "reports.arithmetic.Level",
        "RequestStatusEnum": "reports.arithmetic.RequestStatus",
        "ResultStatusEnum": "reports.arithmetic.ResultStatus",
        "ResultCodeEnum": "reports.arithmetic.ResultCode",
        "VLETypeEnum": "institutions.models.VLEType",
        "VLETypeNameEnum": ["MOODLE"],
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "format": "int64", "minimum": 1}},
    "SERVERS": [{"url": PUBLIC_URL}] if PUBLIC_URL else [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": ["signin.authentication.BrowserAuthentication"],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "displayOperationId": False, "docExpansion": "none"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "signin.browser_sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their forms; no script reads the cookie
# Everything but a local start is reached by TLS.
_tls = env.bool("TLS", default=not DEMO)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _tls
SECURE_SSL_REDIRECT = env.bool("TLS_REDIRECT", default=_tls)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if _tls else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
if PUBLIC_URL:
    CSRF_TRUSTED_ORIGINS += ["/".join(PUBLIC_URL.split("/")[:3])]
CSRF_FAILURE_VIEW = "tesla_api.start_pages.csrf_failure"
# Answer learner enrolment and consent in the shapes that older dashboards read: see learners/api/shared/legacy.py.
LEGACY_DASHBOARD = env.bool("LEGACY_DASHBOARD", default=False)
# Dashboards on other hosts. They send tokens, never cookies, and may read only the API and its files.
CORS_ALLOWED_ORIGINS = [origin.strip() for origin in env.list("CORS_ALLOWED_ORIGINS", default=[])]
if not all(re.fullmatch(r"https?://[^\s/?#@*]+", origin) for origin in CORS_ALLOWED_ORIGINS):
    sys.exit("CORS_ALLOWED_ORIGINS must be origins such as https://dashboard.example.org, separated by commas.")
CORS_URLS_REGEX = r"^/+(api|lapi|files)/"  # some clients request //api, which is answered, too
CORS_ALLOW_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CORS_ALLOW_HEADERS = ("authorization", "content-type", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = ("ETag",)
CORS_ALLOW_CREDENTIALS = False
SESSION_COOKIE_AGE = int(PERSON_SESSION_LIFETIME.total_seconds())

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
}

"""All settings. Values come from the environment; `.env.example` lists every variable with its meaning and default.

With DEMO=1 (a local start) keys are generated once and stored in `var/`, the database is SQLite, hosts are local.
Without DEMO=1 a missing required variable stops the start, and so does a value that cannot be meant, with one line:
see tesla_api/environment.py.
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from tesla_api import environment as env
from tesla_api.local import local_keys

BASE_DIR = Path(__file__).resolve().parent.parent

DEMO = env.switch("DEMO", default=False)
DEBUG = env.switch("DEBUG", default=False)
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")

# Where the server listens; tesla_api/gunicorn.py takes these.
WEB_HOST = env.listening_host("WEB_HOST", "127.0.0.1")
WEB_PORT = env.number("PORT", 8000, 1, 65535)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 2, 1, 1000)
WEB_THREADS = env.number("WEB_THREADS", 4, 1, 1000)

_local: dict[str, str] = {}
if DEMO:
    try:
        _local = local_keys(VAR_DIR)
    except OSError:
        env.stop("VAR_DIR must be a folder in which this process may write.")
    except ValueError:
        env.stop("VAR_DIR must be a folder with keys of a local start: its local.json has none; delete it.")
    _local |= {"hosts": "127.0.0.1,localhost,[::1]", "database": f"sqlite:///{VAR_DIR / 'tesla.sqlite3'}"}
SECRET_KEY = env.secret("SECRET_KEY", "Django's secret key, 50 random characters", _local.get("secret_key"))
# Name -> secret. The first key signs, all verify. To rotate, put a new key in front and remove the old one when the
# tokens that it signed have expired.
TOKEN_KEYS = env.key_ring(
    "TOKEN_KEYS", "the key ring of the tokens, as name:secret, the signing key first", _local.get("token_keys")
)
ENCRYPTION_KEYS = env.encryption_keys("ENCRYPTION_KEYS", "Fernet keys, the newest first", _local.get("encryption_key"))
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "the host names of this service", _local.get("hosts"))
DATABASES = {
    "default": env.database(
        "DATABASE_URL", "the database, as postgres://user:password@host:5432/name", _local.get("database")
    )
}

INSTALLED_APPS = [
    "tesla_api.apps.TeslaConfig",
    "demo",
    "console",
    "kernel.apps.KernelConfig",
    "pipeline",
    "trail",
    "files",
    "institutions",
    "signin",
    "learners",
    "courses",
    "reports",
    "rights",
    "retention",
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
    "tesla_api.metrics.Metrics",  # the outermost: it measures all others
    "tesla_api.health.Health",
    "pipeline.sharing.Answering",
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
    "kernel.http.repeats.RepeatedViews",  # the last one: the middleware above has passed the request on
]
ROOT_URLCONF = "tesla_api.urls"
RESOURCE_TREE = "tesla_api.tree"  # where the kernel finds TREE, CALLS and PROCEDURES
TRAIL_WRITER = "trail.writing.write"  # where it writes what was done and seen; empty: nowhere
API_REFERENCE = "tesla_api.reference"  # where it finds the words and the sample values of the API's reference
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

DATABASES["default"] |= {
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": env.number("DATABASE_CONN_MAX_AGE", 600, 0, 86_400),
}
DATABASE_PLANS = env.switch("DATABASE_PLANS", default=True)  # statements are prepared: see kernel/postgres/plans.py
STATEMENT_SECONDS = env.number("STATEMENT_SECONDS", 30, 0, 3600)  # of web requests on PostgreSQL; 0: no limit
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without the first two, concurrent writers lose transactions to "database is locked"; without the third,
    # REPLACE passes by the triggers that keep the trail.
    DATABASES["default"] |= {"OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
    }}  # fmt: skip
else:
    DATABASES["default"] |= {"ENGINE": "kernel.postgres", "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "institutions.User"
AUTHENTICATION_BACKENDS = ["signin.backends.EmailBackend"]
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # usernames are unique within an institution, and the backend looks up none
PASSWORD_HASHERS = [
    "kernel.hashing.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_HASHES = env.number("PASSWORD_HASHES", 1, 1, 64)  # at once in each process
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}PasswordValidator"} for name in ("Common", "Numeric")
] + [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "/"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=env.number("ACCESS_TOKEN_MINUTES", 15, 1, 1440))
PERSON_SESSION_LIFETIME = timedelta(hours=env.number("PERSON_SESSION_HOURS", 24, 1, 8760))
MODULE_SESSION_LIFETIME = timedelta(minutes=env.number("MODULE_SESSION_MINUTES", 120, 1, 525_600))
GLOBAL_ADMIN_SESSION_LIFETIME = timedelta(minutes=env.number("GLOBAL_ADMIN_SESSION_MINUTES", 60, 1, 525_600))
SIGN_IN_FAILURES = env.number("SIGN_IN_FAILURES", 10, 1, 1_000_000)  # per account or role, and address
SIGN_IN_FAILURES_PER_ACCOUNT = env.number("SIGN_IN_FAILURES_PER_ACCOUNT", 20, 1, 1_000_000)  # from anywhere
SIGN_IN_FAILURES_PER_ADDRESS = env.number("SIGN_IN_FAILURES_PER_ADDRESS", 300, 1, 1_000_000)
SIGN_IN_FAILURES_PER_ROLE = env.number("SIGN_IN_FAILURES_PER_ROLE", 50, 1, 1_000_000)  # from anywhere
SIGN_IN_WINDOW = timedelta(minutes=env.number("SIGN_IN_WINDOW_MINUTES", 15, 1, 1440))
# Inside networks: where identity providers of institutions may be although no one outside can reach them.
OIDC_NETWORKS = env.networks("OIDC_NETWORKS") or (["127.0.0.1", "::1"] if DEMO else [])
# Who carries background work: a message broker, or without one threads of the server.
BROKER_URL = env.broker("BROKER_URL", own=True)
PIPELINE_IN_SERVER = env.switch("PIPELINE_IN_SERVER", default=True)
WORK_CONCURRENCY = env.number("WORK_CONCURRENCY", 2, 1, 1000)
# After this part of the instrument's time a provider that has not answered is asked again; 0: never.
PROVIDER_REPEAT_PERCENT = env.number("PROVIDER_REPEAT_PERCENT", 25, 0, 100)
JOB_SECONDS = env.number("JOB_SECONDS", 60, 1, 3600)  # after which a job of a process that died is taken again
# The message broker's URL as providers' workers reach it; they get it when they sign in.
PROVIDER_BROKER_URL = env.broker("PROVIDER_BROKER_URL")
# RabbitMQ's management API, through which each provider gets a virtual host and an account of its own.
BROKER_MANAGEMENT_URL = env.management("BROKER_MANAGEMENT_URL")
if BROKER_MANAGEMENT_URL and not BROKER_URL.startswith("amqp"):
    env.stop("BROKER_URL must be an address of RabbitMQ, amqp://..., where BROKER_MANAGEMENT_URL is set.")
# The trail: Ed25519 keys that sign its heads, how often, and the file to which heads are sent.
TRAIL_KEYS = env.signing_keys("TRAIL_KEYS")
TRAIL_HEAD_MINUTES = env.number("TRAIL_HEAD_MINUTES", 10, 0, 1440)
TRAIL_HEADS_FILE = env.new_file("TRAIL_HEADS_FILE")
TRAIL_LEAST_DAYS = env.number("TRAIL_LEAST_DAYS", 365, 90, 36_500)  # no institution keeps its trail for less
METRICS_ADDRESSES = env.networks("METRICS_ADDRESSES")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
PUBLIC_URL = env.address("PUBLIC_URL", example="https://trust.example.org")
# Mail to people who set a password; its links begin with PUBLIC_URL.
_mail = env.mail("EMAIL_URL", "consolemail://" if DEMO else "")
SENDS_MAIL = bool(_mail)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST") or "localhost", _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER") or "", _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.sender("EMAIL_FROM", "tesla@localhost")
PASSWORD_RESET_TIMEOUT = 3600 * env.number("PASSWORD_LINK_HOURS", 24, 1, 720)
if SENDS_MAIL and not (PUBLIC_URL or DEMO):
    env.stop("PUBLIC_URL must be set where EMAIL_URL is: mails have links to the service.")

# URLs for learners' pages. A path is below the service's own address, which is also the default for dashboards.
DASHBOARD_URL = env.address("DASHBOARD_URL", PUBLIC_URL, example="https://dashboard.example.org")
WEB_PLUGIN_URL = env.place("WEB_PLUGIN_URL", "/static/web-plugin")
WEB_PLUGIN_SCRIPT = env.file_name("WEB_PLUGIN_SCRIPT", "web-plugin.js")
WEB_PLUGIN_STYLE = env.file_name("WEB_PLUGIN_STYLE", "styles.css")
LOGO_URL = env.place("LOGO_URL", "/static/tesla/mark.svg")
if any("auth" in place.lower() for place in ([DASHBOARD_URL] if DASHBOARD_URL else ALLOWED_HOSTS)):
    env.stop('DASHBOARD_URL must be an address without "auth": VLE plugins cut the launcher\'s address there.')
if not DASHBOARD_URL and any(host.startswith((".", "*")) for host in ALLOWED_HOSTS):
    env.stop("DASHBOARD_URL or PUBLIC_URL must be set where ALLOWED_HOSTS has patterns: any host may match them.")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_DIR", VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
S3_BUCKET = env.bucket("S3_BUCKET")
_s3 = {
    "endpoint_url": env.address("S3_ENDPOINT_URL", example="https://s3.example.org") or None,
    "region_name": env.region("S3_REGION"),
    "access_key": env.text("S3_ACCESS_KEY_ID") or None,
    "secret_key": env.text("S3_SECRET_ACCESS_KEY") or None,
}
env.refuse_half(("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"))
if S3_BUCKET:
    from boto3.s3.transfer import TransferConfig

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            **_s3,
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 30,
            "signature_version": "s3v4",
            # Upload parts one after the other: ten parallel ones would be in memory at the same time.
            "transfer_config": TransferConfig(use_threads=False),
        },
    }
EVIDENCE_URL_SECONDS = env.number("EVIDENCE_URL_SECONDS", 300, 1, 604_800)
CONSENT_PDF_URL_SECONDS = env.number("CONSENT_PDF_URL_SECONDS", 24 * 3600, 1, 31_536_000)
BUNDLE_HOURS = env.number(
    "BUNDLE_HOURS", 48, 1, 720
)  # for which people can fetch what they have asked for of their data
CONSENT_PDF_BYTES = 10 * 1024 * 1024
REQUEST_BODY_BYTES = env.number("REQUEST_BODY_BYTES", 2 * 1024 * 1024, 1024, 2**31)  # except file uploads
SAMPLE_BYTES = env.number("SAMPLE_BYTES", 100 * 1024 * 1024, 1024, 2**40)  # limit of a sample after decoding
MODEL_BYTES = env.number("MODEL_BYTES", 32 * 1024 * 1024, 1024, 2**31)  # limit of a provider's model of a learner
# What may be stored of one learner (number and bytes) and in one institution (bytes). 0: everything.
LEARNER_SAMPLES = env.number("LEARNER_SAMPLES", 100_000, 0, 2**40)
LEARNER_SAMPLE_BYTES = env.number("LEARNER_SAMPLE_BYTES", 20 * 1024**3, 0, 2**60)
INSTITUTION_SAMPLE_BYTES = env.number("INSTITUTION_SAMPLE_BYTES", 0, 0, 2**60)
SPOOL_DIR = env.spool_folder("SPOOL_DIR")
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
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
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
    "VERSION": "2.0.0",  # clients/typescript has the same
    "SCHEMA_PATH_PREFIX": "/api/v2",
    "APPEND_COMPONENTS": {
        "headers": {"ETag": {"description": "Of the row's state.", "schema": {"type": "string"}}},
        "schemas": {
            "FieldErrors": {"type": "object", "additionalProperties": _WRONG_VALUE},
            "WrongValues": _WRONG_VALUES,
        },
        "responses": {
            "Changed": {"description": "What this refers to was deleted meanwhile.", "content": _ERROR},
            "LengthRequired": {"description": "The body has no Content-Length.", "content": _ERROR},
            "NotAcceptable": {"description": "Accept names nothing that there is.", "content": _ERROR},
            "TooLong": {"description": "The address is longer than 4,094 characters; the answer is a page."},
            "Unavailable": {"description": "The service is busy; Retry-After says for how long.", "content": _ERROR},
            "Unreadable": {"description": "Content-Type or Accept cannot be understood.", "content": _ERROR},
        },
    },
    "ENUM_NAME_OVERRIDES": {
        "LevelEnum": "reports.arithmetic.Level",
        "IcStatusEnum": "learners.queries.STATUSES",
        "ContestedLevelEnum": "rights.models.Kind",
        "ContestStateEnum": "rights.models.State",
        "CorrectionStateEnum": "rights.models.Correction.State",
        "ErasureStateEnum": "rights.models.Erasure.State",
        "BundleStateEnum": "rights.models.BundleState",
        "DeletionStatusEnum": "retention.models.Deletion.Status",
        "RetentionKindEnum": "retention.models.Kind",
        "OnWithdrawalEnum": "institutions.models.OnWithdrawal",
        "RequestStatusEnum": "reports.arithmetic.RequestStatus",
        "ResultStatusEnum": "reports.arithmetic.ResultStatus",
        "ResultCodeEnum": "reports.arithmetic.ResultCode",
        "ValidationStatusEnum": "learners.models.ValidationStatus",
        "VLETypeEnum": "institutions.models.VLEType",
        "VLETypeNameEnum": ["MOODLE"],
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "kernel.examples.complete"],
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
_tls = env.switch("TLS", default=not DEMO)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _tls
SECURE_SSL_REDIRECT = env.switch("TLS_REDIRECT", default=_tls)
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000 if _tls else 0, 0, 315_360_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", patterns=True)
if PUBLIC_URL:
    CSRF_TRUSTED_ORIGINS += ["/".join(PUBLIC_URL.split("/")[:3])]
CSRF_FAILURE_VIEW = "tesla_api.start_pages.csrf_failure"
# Answer learner enrolment and consent in the shapes that older dashboards read: see learners/api/shared/legacy.py.
LEGACY_DASHBOARD = env.switch("LEGACY_DASHBOARD", default=False)
# Dashboards on other hosts. They send tokens, never cookies, and may read only the API and its files.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/+(api|lapi|files)/"  # some clients request //api, which is answered, too
CORS_ALLOW_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CORS_ALLOW_HEADERS = ("authorization", "content-type", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = ("ETag",)
CORS_ALLOW_CREDENTIALS = False
SESSION_COOKIE_AGE = int(PERSON_SESSION_LIFETIME.total_seconds())

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "kernel.http.logs.Unnamed", "fmt": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "filters": {"brief": {"()": "kernel.http.logs.BriefAboutClients"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["brief"]}},
    "root": {"handlers": ["stderr"], "level": env.log_level("LOG_LEVEL", "WARNING")},
}

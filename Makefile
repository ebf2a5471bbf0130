# make run    the service with sample data on http://127.0.0.1:$PORT (8000)
# make test   the tests, on SQLite; ARGS="tests/courses -k name" chooses some; tests/README.md says more
# make test-all   the same on the database of DATABASE_URL
# make attack-smoke   other institutions' ids and texts, and texts that break pages, sent to everything
# make prove  what takes hours: all mutants, every test on both databases, ten times the examples
# make bench  speed of every list and detail beside a floor, on PostgreSQL; ARGS="--only learner --rounds 3"
# make push   the roster through the VLE API, by eight clients; ARGS="--presentations 2"
# make bench-imports   rows of tables of people that are imported in a second
# make bench-pipeline  submissions of the roster, from request to report; ARGS="--submissions 2000"
# make bench-captures  samples sent by 16 clients, beside a floor
# make client          the TypeScript client, generated from the schema, compiled and tried; needs Node.js and npm
# make lint check browser mutants migrations schema format lock clean   see below

.DELETE_ON_ERROR:
.PHONY: run test test-all attack-smoke browser prove mutants bench push bench-imports bench-pipeline bench-captures lint check migrations schema client client-check format lock clean
.DEFAULT_GOAL := run

PORT ?= 8000
PYTHON ?=
ARGS ?=

PY := .venv/bin/python
APPS := tesla_api console demo rights retention reports courses learners signin institutions files trail pipeline kernel
CODE := manage.py $(APPS) tests benchmarks .ci/postgres .ci/container .ci/coverage
STATIC := $(shell find $(APPS) -path '*/static/*' -type f 2>/dev/null)
HEX = od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'

# What a production server is given, with secrets of this moment; no database is opened with it.
PRODUCTION = env -u DEMO \
	SECRET_KEY="$$($(HEX))" TOKEN_KEYS="check:$$($(HEX))" \
	ENCRYPTION_KEYS="$$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')" \
	ALLOWED_HOSTS=trust.example.org DATABASE_URL=postgres://trust@127.0.0.1/trust

# The same on an empty database in memory, for commands that ask the database something.
IN_MEMORY = $(PRODUCTION) DATABASE_URL=sqlite://:memory:

INSTALL = $(PY) -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes

run: export DEMO = 1
run: export PORT := $(PORT)
run: .venv/.installed var/static/.collected
	@$(PY) manage.py migrate --no-input -v0
	@$(PY) manage.py seed_demo
	@echo
	@echo "  http://127.0.0.1:$(PORT)/                     the service: begin here"
	@echo "  http://127.0.0.1:$(PORT)/signin/              to sign in with one of these accounts"
	@echo "  http://127.0.0.1:$(PORT)/api/v2/institution/  the API"
	@echo "  http://127.0.0.1:$(PORT)/console/             an institution at a glance, for administrators and instructors"
	@echo "  http://127.0.0.1:$(PORT)/docs/                its documentation, to try out (Swagger UI)"
	@echo "  http://127.0.0.1:$(PORT)/redoc/               the same, to read (ReDoc)"
	@echo "  http://127.0.0.1:$(PORT)/admin/               administration"
	@echo
	@exec $(PY) -m tesla_api.serve

# As many processes as there are processors; -n in ARGS is another number, -n 0 none. COVERAGE is a file to which the
# lines and branches that the tests run are written.
COVERAGE ?=
MEASURED = -m slipcover --dont-wrap-pytest --out $(COVERAGE) -m pytest
PYTEST = $(PY) $(if $(COVERAGE),$(MEASURED),-m pytest) -n auto --dist loadgroup

test: .venv/.installed-dev
	env -u DATABASE_URL $(PYTEST) -m "not browser" $(ARGS)

test-all: .venv/.installed-dev
	@[ -n "$$DATABASE_URL" ] || { echo 'DATABASE_URL names no database: "make test" takes SQLite.' >&2; exit 1; }
	$(PYTEST) -m "not browser" $(ARGS)

# On SQLite, or on the database of DATABASE_URL.
attack-smoke: .venv/.installed-dev
	$(PYTEST) tests/attack $(ARGS)

browser: .venv/.installed-dev
	$(PYTEST) -m browser $(if $(findstring tests/,$(ARGS)),,tests/browser) $(ARGS)

prove: .venv/.installed-dev
	.ci/prove

# Puts defects into a copy of the code, one at a time: a test must fail for each.
mutants: .venv/.installed-dev
	$(PY) tests/mutations/run.py $(ARGS)

# Measured anew each time; a whole run writes benchmarks/figures.txt. The roster is in OULAD_DIR.
bench: .venv/.installed-dev
	@$(PY) -m benchmarks.run $(ARGS)

# The same roster, written: a whole run writes benchmarks/pushed.txt.
push: .venv/.installed-dev
	@$(PY) -m benchmarks.push_oulad $(ARGS)

# Generated tables of people, imported: a whole run writes benchmarks/imported.txt.
bench-imports: .venv/.installed-dev
	@$(PY) -m benchmarks.import_people $(ARGS)

# Submissions of the roster, from request to report: a whole run writes benchmarks/pipelined.txt.
bench-pipeline: .venv/.installed-dev
	@$(PY) -m benchmarks.pipeline $(ARGS)

# Captures beside a floor, with and without the pipeline's work: a whole run writes benchmarks/captured.txt.
bench-captures: .venv/.installed-dev
	@$(PY) -m benchmarks.captures $(ARGS)

lint: .venv/.installed-dev
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	@echo "$(PY) -m mypy"; $(IN_MEMORY) $(PY) -m mypy
	PYTHONPATH=. $(PY) .venv/bin/lint-imports

# --deploy makes all checks and some more; the commands after it need not make them again.
check: .venv/.installed-dev
	@echo "manage.py check --deploy"; $(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	@echo "manage.py makemigrations --check"; $(IN_MEMORY) $(PY) manage.py makemigrations --skip-checks --check --dry-run
	@echo "manage.py spectacular --validate"; schema=$$(mktemp) && trap 'rm -f "$$schema"' EXIT && \
		$(IN_MEMORY) $(PY) manage.py spectacular --skip-checks --validate --fail-on-warn --file "$$schema" && \
		{ diff -u tesla_api/openapi.yaml "$$schema" || \
		{ echo 'tesla_api/openapi.yaml differs from the code: "make schema" writes it anew.' >&2; exit 1; }; }

migrations: .venv/.installed-dev
	@$(IN_MEMORY) $(PY) manage.py makemigrations

schema: .venv/.installed-dev
	@$(IN_MEMORY) $(PY) manage.py spectacular --validate --fail-on-warn --file tesla_api/openapi.yaml

# The same schema as types: written, or compared with what is committed. Then compiled strictly, and tried.
CLIENT := clients/typescript
NPM = npm --prefix $(CLIENT) --silent

client: $(CLIENT)/node_modules/.package-lock.json
	@$(NPM) run generate
	@$(NPM) run build && $(NPM) test

client-check: $(CLIENT)/node_modules/.package-lock.json
	@$(NPM) run check || { echo '$(CLIENT)/src/schema.ts differs from tesla_api/openapi.yaml: "make client" writes it anew.' >&2; exit 1; }
	@$(NPM) run build && $(NPM) test

$(CLIENT)/node_modules/.package-lock.json: $(CLIENT)/package.json $(CLIENT)/package-lock.json
	@npm ci --prefix $(CLIENT) --no-audit --no-fund --loglevel=error
	@touch $@

format: .venv/.installed-dev
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

# Pins stay as they are unless pyproject.toml asks for more; ARGS=--upgrade renews them all.
LOCK = $(PY) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS)
lock: .venv/.installed-dev
	$(LOCK) -o requirements.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

# Everything that is not the code: environment, demo data, uploads, caches.
clean:
	rm -rf $(CLIENT)/node_modules $(CLIENT)/dist .venv var htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(APPS) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that does not answer, such as one of a moved interpreter, is made anew.
ifneq ($(shell $(PY) -c 'import pip, sys; print(*sys.version_info[:2])' 2>/dev/null),3 11)
.PHONY: .venv/.created
endif

.venv/.created:
	@for python in $(PYTHON) python3.11 python3; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
			echo "creating .venv"; "$$python" -m venv --clear .venv && touch $@; exit; \
		fi; \
	done; \
	echo 'Python 3.11 is needed, and neither python3.11 nor python3 is one: name it with "make PYTHON=/path/to/python3.11".' >&2; \
	exit 1

.venv/.installed: requirements.txt .venv/.created
	@echo "installing requirements.txt"
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.created
	@echo "installing requirements-dev.txt"
	@$(INSTALL) -r requirements-dev.txt
	@touch .venv/.installed $@

var/static/.collected: .venv/.installed tesla_api/settings.py $(STATIC)
	@$(PY) manage.py collectstatic --no-input -v0
	@mkdir -p $(@D) && touch $@

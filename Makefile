# One short command per habit, the same here and in CI. ARGS= passes options on.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --upgrade \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-options

.DELETE_ON_ERROR:
.PHONY: serve test bench lint format requirements template

serve: $(VENV)/.installed
	@exec $(BIN)/python manage.py serve $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --cov $(ARGS)

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict examples/python-plain examples/python-aiocoap
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	COAPTURE_HTTPS=1 ALLOWED_HOSTS=images.example \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pinned locks, made from pyproject.toml; the larger one first, for it has more conditions.
requirements: $(BIN)/python
	$(PIP) install pip-tools
	$(COMPILE) --extra dev --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml

# db.sqlite3, which a first start copies; to be made again after a new migration.
template: $(VENV)/.installed
	$(BIN)/python manage.py template

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install -r requirements-dev.txt
	@touch $@

# All that a machine needs is Python 3.11 or newer (with its venv module) and make. The rest is installed into .venv,
# on the first call and whenever pyproject.toml has changed.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PLAIN := .venv/.installed
DEV := .venv/.installed-dev
EXTRACTED := bot/locale/lienzo.pot

.PHONY: help play test lint check bench docs picture messages
.DELETE_ON_ERROR:

help:
	@echo "make play      try the bot in a browser, with no Discord account and no key"
	@echo "make test      run the tests"
	@echo "make lint      formatting, lint and types"
	@echo "make check     lint and test: what a change must pass"
	@echo "make bench     measure, and write docs/benchmarks.md"
	@echo "make docs      fill the generated tables of the READMEs"
	@echo "make picture   take the pictures of the documents anew (needs Chromium)"
	@echo "make messages  refresh the catalogues of bot/locale from the code"

play: $(PLAIN)
	@$(BIN)/python -m bot play

# Side by side, but one file in one process, so that what its tests share is built once. One file alone: make test ARGS=tests/test_prompt.py
ARGS ?= -n auto --maxprocesses 8 --dist loadfile
test: $(DEV)
	$(BIN)/python -m pytest $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

check: lint test

bench: $(DEV)
	$(BIN)/python -m tests.bench

docs: $(DEV)
	$(BIN)/python -m tests.meta.generated

picture: $(DEV)
	$(BIN)/python -m tests.browser.picture
	$(BIN)/python -m tests.browser.tour
	$(BIN)/python -m tests.meta.sheets

messages: $(DEV)
	$(BIN)/pybabel -q extract --mapping-file pyproject.toml --no-default-keywords -k T -k TN:1,2 -k N_ \
		--omit-header --no-location --sort-output --width 120 --output-file $(EXTRACTED) .
	$(BIN)/pybabel -q update --domain lienzo --input-file $(EXTRACTED) --output-dir bot/locale \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120

# The first Python that starts and is new enough: a name on the PATH may be an older one, or a shim with nothing behind it.
.venv/pyvenv.cfg:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then incomplete=$$python; continue; fi; \
		echo "Creating .venv with $$("$$python" --version)"; \
		"$$python" -m venv .venv && exit 0; \
		rm -rf .venv; exit 1; \
	done; \
	if [ -n "$$incomplete" ]; then \
		echo "$$incomplete lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
		echo "Lienzo needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3" >&2; \
	fi; exit 1

# Dependency groups need pip 25.1 or newer; a new Python may bring an older one.
$(PLAIN): pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing Lienzo into .venv (a minute or two, the first time)"
	@$(PIP) install -qq --upgrade "pip>=25.1"
	@$(PIP) install -qq --editable .
	@touch $@

$(DEV): pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing Lienzo and its development tools into .venv (a minute or two, the first time)"
	@$(PIP) install -qq --upgrade "pip>=25.1"
	@$(PIP) install -qq --editable . --group dev
	@touch $(PLAIN) $@

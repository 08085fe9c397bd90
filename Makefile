# Everything that a fresh machine needs: `make demo` to see it, `make test` to check it.
PYTHON ?= python3
VENV := .venv
EMULATOR := .venv-ministack
BIN := $(VENV)/bin
MINISTACK := $(EMULATOR)/bin/ministack
TOOLS := /usr/bin/tinyproxy /usr/sbin/nginx /usr/bin/caddy /usr/bin/chromium /usr/bin/strace \
	/usr/bin/systemd-nspawn
NPM := $(or $(shell command -v npm),/usr/bin/npm)
CLIENT := proxyd/web/client
STATIC := proxyd/web/static/index.html

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1
export PROXYD_EMULATOR ?= $(CURDIR)/$(MINISTACK)

.PHONY: demo test lint pytest canary docs constraints clean

demo: $(VENV)/.installed $(MINISTACK) ## show everything on this machine, until Ctrl-C
	@exec $(BIN)/proxyd demo

test: lint pytest ## everything that must hold

lint: $(VENV)/.installed-dev $(STATIC)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd $(CLIENT) && $(NPM) run --silent check && $(NPM) run --silent test

pytest: $(VENV)/.installed-dev $(MINISTACK) $(TOOLS) $(STATIC)
	$(BIN)/python -m compileall -q proxyd plugins # as pip does it: the daemon starts hundreds of times
	$(BIN)/python -m pytest -m "not alone" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m alone

canary: $(VENV)/.installed-dev $(MINISTACK) $(TOOLS) ## the proof that nothing is kept
	$(BIN)/python -m pytest tests/canary

docs: $(VENV)/.installed-dev ## write anew what is made from the code
	$(BIN)/python -m tests.scanner_table
	$(BIN)/python -m tests.escape_table

# Every distribution is checked against the hashes of the constraints; proxyd itself is not one.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed constraints-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints-dev.txt
	touch $@

# The emulator pins its own botocore, so it gets an environment of its own.
$(MINISTACK): constraints-ministack.txt
	$(PYTHON) -m venv $(EMULATOR)
	$(EMULATOR)/bin/python -m pip install --quiet --require-hashes --requirement constraints-ministack.txt
	touch $@

# What the tests need of Debian: proxies, a browser, and what runs and looks at the daemon.
$(TOOLS) &:
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends tinyproxy nginx-light caddy chromium strace \
		systemd-container

/usr/bin/npm:
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends nodejs npm

# Installing proxyd builds this as well, where there is an npm; here it is wanted.
$(STATIC): $(shell find $(CLIENT) -name node_modules -prune -o -type f -print) | $(NPM)
	cd $(CLIENT) && $(NPM) ci --ignore-scripts --no-audit --no-fund --silent && $(NPM) run --silent build

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate

# With the oldest Python that is supported: some newer versions do not install on it.
constraints: $(VENV)/.installed ## pin anew what the constraints files hold
	$(BIN)/python -m pip install --quiet pip-tools
	$(COMPILE) --upgrade --output-file constraints.txt pyproject.toml
	$(COMPILE) --upgrade --constraint constraints.txt --extra test --extra lint --output-file constraints-dev.txt pyproject.toml
	sed -i '/^# WARNING/,/^proxyd @/d' constraints-dev.txt # proxyd itself, which an extra names
	echo 'ministack>=1.5,<2' | $(COMPILE) --upgrade --output-file constraints-ministack.txt -

clean:
	rm -rf $(VENV) $(EMULATOR) $(CLIENT)/node_modules proxyd/web/static dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

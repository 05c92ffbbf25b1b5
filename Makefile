# Hub Ledger. `make help` lists the targets; the first one called builds .venv from the lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
RUN := .venv/bin/python -m pipelines
export DO_NOT_TRACK := 1

# Locks hold all that is needed: told to look for more, pip takes a newer release of what another one needs with an
# extra, and refuses it for its hash.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=python3.x" >&2; exit 2; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked dependencies into .venv (once, up to a minute) ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv-peers/.ready: benchmarks/peers.txt
	@echo "Installing the tools that the benchmarks compare with into .venv-peers (once, a minute or two) ..."
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/peers.txt
	@touch $@

.PHONY: help setup demo test lint dev nightly backfill import rebuild claims audit metrics probe watch sample-hub docs questions bench lock

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: .venv/.ready  ## build .venv from the lock

demo: .venv/.ready  ## the whole main job against the embedded sample Hub
	@$(RUN) demo

test: .venv/.ready lint  ## lint, types and tests
	@.venv/bin/python -m pytest $(PYTEST_ARGS)

lint: .venv/.ready
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@# Types take one core a minute, SQL as long: beside each other, and both are asked.
	@.venv/bin/mypy & .venv/bin/sqlfluff lint --processes 2 dbt_project/models; sql=$$?; wait $$! && exit $$sql

dev: .venv/.ready  ## the Dagster UI on http://127.0.0.1:3000, daemon included
	@$(RUN) dev $(if $(PORT),--port "$$PORT")

nightly: .venv/.ready  ## tonight's capture from the Hub, facts, checks, publication (DATE= today only)
	@$(RUN) nightly $(if $(DATE),--date "$$DATE")

backfill: .venv/.ready  ## past captures from the public archive, then their facts: FROM= TO= EVERY=day|week|month
	@$(RUN) backfill $(if $(FROM),--from "$$FROM") $(if $(TO),--to "$$TO") $(if $(EVERY),--every "$$EVERY")

import: .venv/.ready  ## captures made elsewhere: CAPTURES=DIR with YYYY-MM-DD.jsonl[.gz|.zst]
	@$(RUN) import --captures "$$CAPTURES"

rebuild: .venv/.ready  ## the warehouse again from the captures on disk
	@$(RUN) rebuild

claims: .venv/.ready  ## the reported claims held against the record (CLAIM=C013: one, with all scopes tried)
	@$(RUN) claims $(if $(CLAIM),--claim "$$CLAIM")

audit: .venv/.ready  ## what the models that you run depend on: INVENTORY="FILE.csv CACHE FOLDER ..." (none: those of before)
	@$(RUN) audit $(if $(INVENTORY),--inventory "$$INVENTORY")

metrics: .venv/.ready  ## a metric of what is published: METRICS= BY= WHERE= ORDER= LIMIT= FROM= TO= EXPLAIN=1 (none: which there are)
	@$(RUN) metrics $(if $(METRICS),--metrics="$$METRICS") $(if $(BY),--by="$$BY") $(if $(WHERE),--where="$$WHERE") \
	    $(if $(ORDER),--order="$$ORDER") $(if $(LIMIT),--limit="$$LIMIT") $(if $(FROM),--from="$$FROM") \
	    $(if $(TO),--to="$$TO") $(if $(EXPLAIN),--explain)

probe: .venv/.ready  ## two pages of the Hub: does it keep the contract we rely on?
	@$(RUN) probe

watch: .venv/.ready  ## tell (alert webhook, exit status 1) if a day is not published by its deadline
	@$(RUN) watch

sample-hub: .venv/.ready  ## serve the sample Hub (CAPTURE=FILE replays a capture, PORT=)
	@$(RUN) sample-hub $(if $(CAPTURE),--captures "$$CAPTURE") $(if $(PORT),--port "$$PORT")

docs: .venv/.ready  ## write docs/data_dictionary.md and the table of docs/definitions.md
	@$(RUN) docs

questions: .venv/.ready  ## write the answers of docs/questions.md anew, from what make demo published
	@$(RUN) questions

bench: .venv/.ready .venv-peers/.ready  ## each stage beside its peers and floors, one table: MODELS= STAGES= ROUNDS= AGES="30 1000" OUT=FILE
	@.venv/bin/python -m benchmarks $(if $(MODELS),--models "$$MODELS") $(if $(STAGES),--stages $$STAGES) \
	    $(if $(ROUNDS),--rounds "$$ROUNDS") $(if $(AGES),--ages $$AGES) $(if $(OUT),--out "$$OUT")

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --quiet

lock:  ## resolve the dependencies anew into requirements.lock, the test clients' and the peers' (needs uv)
	$(LOCK) pyproject.toml --extra metrics --group dev -o requirements.lock
	for others in tests/clients/*.in benchmarks/*.in; do $(LOCK) "$$others" -o "$${others%.in}.txt"; done

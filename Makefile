# Groundwave: what a person runs. `make` alone says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run check test test-rust test-browser bench tools

export PATH := $(CURDIR)/target/tools/bin:$(PATH)

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

run: ## Build, and start a demonstration station on http://localhost:8000
	@tests/install build
	cargo build --release --locked --bin groundwave
	target/release/groundwave demo $(DEMO)

check: tools ## Format, lints, licences, the rooms of the house, types
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo deny --all-features check bans licenses sources
	cargo test --locked --workspace --test house
	npm --prefix web run check

test: tools check test-rust test-browser ## Everything; installs what it needs

test-rust: ## The house's own tests, with real encoders, players and databases
	cargo test --locked --workspace

test-browser: ## A real browser at the door: pages, player, accessibility
	npm --prefix web test
	npm --prefix tests/browser test

bench: ## Measure beside the peers, and print ratios
	@tests/install bench
	bench/run

tools:
	@tests/install test

# mcmsim. `make help` lists the targets.
#
# Everything that is built lies in build/<variant>/; the program itself is build/mcmsim.
# Sources are found by wildcard: a new file needs no line here.

BUILD ?= build
PREFIX ?= /usr/local
CC = gcc
AR = gcc-ar
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

PACKAGES := simgrid libcjson glib-2.0 nlopt zlib
TEST_PACKAGES := check

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -fno-common
ifneq ($(CI)$(WERROR),)
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

GOALS := $(or $(MAKECMDGOALS),all)
.DEFAULT_GOAL := all
Q := $(if $(V),,@)
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

all: $(BUILD)/mcmsim ## build the program: build/mcmsim
.PHONY: all run test test-web asan bench lint cppcheck clang-tidy format format-check install \
	clean help FORCE

# Libraries. config.mk is made before anything else: it installs what is missing and keeps the
# answers of pkg-config, and changes only when they do (then everything is built again).

GROUPS := build $(if $(filter test asan bench lint clang-tidy,$(GOALS)),test)
BUILDS := $(filter-out clean help format format-check cppcheck,$(GOALS))
ifneq ($(BUILDS),)
include $(BUILD)/config.mk
endif

# Headers of others are not ours to warn about.
pkg_cflags = $$(pkg-config --cflags $(1) | sed 's/-I/-isystem /g')
$(BUILD)/config.mk: FORCE
	@tools/dev/install-deps $(GROUPS)
	@mkdir -p $(@D)
	@{ echo "PKG_CFLAGS := $(call pkg_cflags,$(PACKAGES))"; \
	echo "PKG_LIBS := $$(pkg-config --libs $(PACKAGES))"; \
	if pkg-config --exists $(TEST_PACKAGES); then \
	echo "TEST_CFLAGS := $(call pkg_cflags,$(TEST_PACKAGES))"; \
	echo "TEST_LIBS := $$(pkg-config --libs $(TEST_PACKAGES))"; fi; \
	echo "# $(CC) $(CFLAGS)"; } >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# Sources.

LIBRARY_FOLDERS := hw workloads search sim traces
# A room is a folder, or a folder in one.
files_in = $(sort $(wildcard $(1:=/$(2)) $(1:=/*/$(2))))
LIBRARY_SOURCES := $(call files_in,$(LIBRARY_FOLDERS),*.c)
TOOL_SOURCES := $(call files_in,tools,*.c)
TEST_SOURCES := $(sort $(wildcard tests/*/check_*.c))
SUPPORT_SOURCES := $(sort $(wildcard tests/support/*.c)) # for every test and bench
BENCH_SOURCES := $(sort $(wildcard tests/bench/*.c))
FORMATTED := $(call files_in,$(LIBRARY_FOLDERS) tools tests,*.[ch])
SCRIPTS = .ci/run $(sort $(shell grep -lsE '^\#!/bin/(ba)?sh|^\#!/usr/bin/env (ba)?sh' tools/dev/* tests/web/*))

# Variants: $(call variant,NAME,CFLAGS,DATA_DIR). Presets are looked up in DATA_DIR/hw/packages,
# DATA_DIR/hw/dram and DATA_DIR/workloads/zoo.

CPPFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(PKG_CFLAGS) $(TEST_CFLAGS)

define variant
$(1)_OBJECTS := $$(patsubst %.c,$(BUILD)/$(1)/%.o,$(LIBRARY_SOURCES))
$(1)_TOOLS := $$(patsubst %.c,$(BUILD)/$(1)/%.o,$(TOOL_SOURCES))
$(1)_TESTS := $$(patsubst %.c,$(BUILD)/$(1)/%,$(TEST_SOURCES))
$(1)_BENCHES := $$(patsubst %.c,$(BUILD)/$(1)/%,$(BENCH_SOURCES))

$(BUILD)/$(1)/%.o: %.c Makefile $(BUILD)/config.mk
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  CC    $$@")
	$$(Q)$$(CC) $$(CPPFLAGS_ALL) $$(CPPFLAGS) -DMCMSIM_DATA_DIR='"$(3)"' $$(CFLAGS) $$(WARNINGS) \
		$(2) -MMD -MP -c -o $$@ $$<

$(BUILD)/$(1)/traces/html_sources.o: $$(wildcard traces/html/*)

# The product, what commands are made of, and what tests share: each takes what it needs.
$(BUILD)/$(1)/libmcmsim.a: $$($(1)_OBJECTS)
$(BUILD)/$(1)/libtools.a: $$(filter-out %/tools/main.o %/tools/allocators.o,$$($(1)_TOOLS))
$(BUILD)/$(1)/libsupport.a: $$(patsubst %.c,$(BUILD)/$(1)/%.o,$(SUPPORT_SOURCES))
$(BUILD)/$(1)/lib%.a:
	@rm -f $$@
	$$(if $$(V),,@echo "  AR    $$@")
	$$(Q)$$(AR) rcs $$@ $$^

$(BUILD)/$(1)/mcmsim: $$($(1)_TOOLS) $(BUILD)/$(1)/libmcmsim.a
	$$(if $$(V),,@echo "  LINK  $$@")
	$$(Q)$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS) -lm

$$(filter $(BUILD)/$(1)/tests/tools/%,$$($(1)_TESTS)): $(BUILD)/$(1)/libtools.a
$$($(1)_TESTS) $$($(1)_BENCHES): %: %.o $(BUILD)/$(1)/libsupport.a $(BUILD)/$(1)/libmcmsim.a
	$$(if $$(V),,@echo "  LINK  $$@")
	$$(Q)$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ -Wl,--start-group $$^ -Wl,--end-group \
		$$(TEST_LIBS) $$(PKG_LIBS) -lm

-include $$(patsubst %.c,$(BUILD)/$(1)/%.d,$(LIBRARY_SOURCES) $(TOOL_SOURCES) \
	$(TEST_SOURCES) $(SUPPORT_SOURCES) $(BENCH_SOURCES))
endef

$(eval $(call variant,release,,$(CURDIR)))
$(eval $(call variant,asan,-O1 $(SANITIZE),$(CURDIR)))
$(eval $(call variant,install,,$(PREFIX)/share/mcmsim))
.SECONDARY:

$(BUILD)/mcmsim: $(BUILD)/release/mcmsim
	@cp -f $< $@

# An installed program knows its prefix, so another prefix is another program.
$(install_TOOLS) $(install_OBJECTS): $(BUILD)/install/prefix
$(BUILD)/install/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

# What one does with it.

run: all ## search, simulate and compare four strategies: ResNet-50 on a 6 x 6 package
	$(BUILD)/mcmsim run --package simba-6x6 --workload resnet50 \
		--strategy sequential,pipeline,segmented,scope --batch 16 -o $(BUILD)/run

# Every header of the product, twice over in one file: none clashes with another.
HEADERS := $(call files_in,$(LIBRARY_FOLDERS) tools,*.h)
$(BUILD)/all_headers.o: $(HEADERS) Makefile $(BUILD)/config.mk
	@printf '#include "%s"\n' $(HEADERS) $(HEADERS) >$(@:.o=.c)
	$(Q)$(CC) $(CPPFLAGS_ALL) -DMCMSIM_DATA_DIR='"."' $(CFLAGS) $(WARNINGS) -c -o $@ $(@:.o=.c)

test: all $(release_TESTS) $(BUILD)/all_headers.o ## build and run all tests
	@MCMSIM=$(BUILD)/mcmsim tools/dev/run-tests -j $(JOBS) $(release_TESTS)

asan: $(asan_TESTS) $(BUILD)/asan/mcmsim ## the same with address and undefined-behaviour sanitizers
	@MCMSIM=$(BUILD)/asan/mcmsim MCMSIM_SIMGRID_CFG=contexts/factory:thread \
	ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/data/lsan.supp:print_suppressions=0 \
	UBSAN_OPTIONS=print_stacktrace=1 G_SLICE=always-malloc CK_DEFAULT_TIMEOUT=120 \
	tools/dev/run-tests -j $(JOBS) $(asan_TESTS)

test-web: all ## report.html in headless Chromium
	@tests/web/run

bench: all $(release_BENCHES) ## build and run the benchmarks
	@for b in $(release_BENCHES); do MCMSIM=$(BUILD)/mcmsim $$b || exit; done

lint: format-check clang-tidy cppcheck ## static analysis, formatting, layering; all warnings are errors
	tools/dev/check-layers
	shellcheck $(SCRIPTS)

cppcheck:
	@tools/dev/install-deps lint
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --error-exitcode=1 -j $(JOBS) -I. --library=gtk \
		-D_GNU_SOURCE -DMCMSIM_DATA_DIR='"."' '-DG_GNUC_PRINTF(a,b)=' $(LIBRARY_FOLDERS) tools

# The analyzer takes nine tenths of the time: tests go without, and where a function has very many
# paths it stops at a third of its usual number.
clang-tidy: $(BUILD)/config.mk
	@tools/dev/install-deps lint
	@echo "clang-tidy on $(words $(filter %.c,$(FORMATTED))) files"
	@printf '%s\n' $(filter %.c,$(FORMATTED)) | xargs -n 1 -P $(JOBS) sh -c \
		'case $$0 in tests/*) set -- --checks=-clang-analyzer-*;; \
		*) set -- $(addprefix -extra-arg=,-Xclang -analyzer-config -Xclang max-nodes=75000);; esac; \
		clang-tidy --quiet "$$@" "$$0" -- $(CPPFLAGS_ALL) "-DMCMSIM_DATA_DIR=\".\"" 2>&1 | \
		{ ! grep -vE "^[0-9]+ (warning|error)s?|^Suppressed|^Use -"; }'

format-check: ## formatting only
	@tools/dev/install-deps lint
	@clang-format --dry-run -Werror $(FORMATTED)

format: ## format all sources in place
	@tools/dev/install-deps lint
	clang-format -i $(FORMATTED)

install: $(BUILD)/install/mcmsim ## install below PREFIX (/usr/local); DESTDIR is honoured
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mcmsim/hw/packages \
		$(DESTDIR)$(PREFIX)/share/mcmsim/hw/dram \
		$(DESTDIR)$(PREFIX)/share/mcmsim/workloads/zoo
	install -m 755 $(BUILD)/install/mcmsim $(DESTDIR)$(PREFIX)/bin/mcmsim
	install -m 644 hw/packages/*.json $(DESTDIR)$(PREFIX)/share/mcmsim/hw/packages/
	install -m 644 hw/dram/*.json $(DESTDIR)$(PREFIX)/share/mcmsim/hw/dram/
	install -m 644 workloads/zoo/*.json $(DESTDIR)$(PREFIX)/share/mcmsim/workloads/zoo/

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@echo 'make TARGET   (BUILD=$(BUILD) PREFIX=$(PREFIX); WERROR=1: warnings are errors; V=1: show commands)'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

# outbound_exporter. `make help` lists the targets; `make V=1` shows the commands; CC, CFLAGS,
# CPPFLAGS, LDFLAGS, DESTDIR, prefix, bindir and sysconfdir are yours to set. Output is in build/.

VERSION := 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
sysconfdir ?= /etc
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)

# What a build needs, for pkg-config and for apt-get.
LIBRARIES := libmicrohttpd libcurl libssl libcrypto libcares yaml-0.1 libpcre2-8 zlib
PACKAGES := gcc libc6-dev pkg-config libmicrohttpd-dev libcurl4-openssl-dev libssl-dev \
	libc-ares-dev libyaml-dev libpcre2-dev zlib1g-dev

# Instrumented builds: `make VARIANT=asan` puts all of its output into build/asan.
VARIANT ?=
O := build$(VARIANT:%=/%)
variant_asan := -O1 -U_FORTIFY_SOURCE -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
variant_tsan := -O1 -U_FORTIFY_SOURCE -fno-omit-frame-pointer -fsanitize=thread
variant_coverage := -O0 -U_FORTIFY_SOURCE --coverage
variant_fuzz := -O1 -U_FORTIFY_SOURCE -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
variant_werror := -Werror

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 $(if $(filter 1,$(WERROR)),-Werror)
# Fortified unless the builder says otherwise, or does not optimise, which it needs.
FORTIFY := $(if $(filter -O0 -D_FORTIFY_SOURCE=%,$(CPPFLAGS) $(CFLAGS)),,-D_FORTIFY_SOURCE=2)
MY_CPPFLAGS := -D_GNU_SOURCE -Isrc $(FORTIFY) \
	$(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
MY_CFLAGS := -std=gnu11 -fPIE -pthread -fstack-protector-strong $(WARNINGS)
MY_LDFLAGS := -pie -pthread -Wl,-z,relro,-z,now
LDLIBS := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null) -lm
COMPILE = $(CC) $(MY_CPPFLAGS) $(CPPFLAGS) $(MY_CFLAGS) $(CFLAGS) $(variant_$(VARIANT))
LINK = $(CC) $(MY_LDFLAGS) $(CFLAGS) $(variant_$(VARIANT)) $(LDFLAGS)

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
HEADERS := $(wildcard src/*.h src/*/*.h)
OBJECTS := $(SOURCES:src/%.c=$(O)/obj/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*/*_test.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
BENCHMARKS := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))
BINARY := $(O)/outbound_exporter

# The version goes to the one file that shows it, so that a commit does not rebuild the rest.
# Only this directory's own git counts, not one that a tarball was unpacked in.
GIT = $(if $(wildcard .git),$(shell git $(1) 2>/dev/null))
REVISION := $(or $(call GIT,rev-parse --short=12 HEAD),unknown)
BRANCH := $(or $(call GIT,rev-parse --abbrev-ref HEAD),unknown)
VERSION_FLAGS := -DOUTBOUND_VERSION='"$(VERSION)"' -DOUTBOUND_REVISION='"$(REVISION)"' \
	-DOUTBOUND_BRANCH='"$(BRANCH)"'

ifeq ($(V),1)
say =
else
say = @printf '  %-5s %s\n' $(1) '$@';
endif

all: $(BINARY) ## build build/outbound_exporter (the default)

# Moved into place at once, so that it can be replaced while it runs.
$(BINARY): $(OBJECTS) $(O)/sources
	$(call say,LD)$(LINK) -o $@.new $(OBJECTS) $(LDLIBS) && mv $@.new $@

$(O)/obj/%.o: src/%.c $(O)/flags | toolchain
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) $(EXTRA_CPPFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/daemon/flags.o: $(O)/version
$(O)/obj/daemon/flags.o: EXTRA_CPPFLAGS = $(VERSION_FLAGS)

# Tests and benchmarks: one program a file, which takes what it needs from all of the product but
# its main().
PRODUCT := $(O)/obj/product.a

$(PRODUCT): $(filter-out $(O)/obj/main.o,$(OBJECTS)) $(O)/sources
	@rm -f $@
	$(call say,AR)$(AR) rc $@ $(filter %.o,$^)

$(O)/obj/tests/%.o: tests/%.c $(O)/flags | toolchain
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -Itests/unit -MMD -MP -c -o $@ $<

$(UNIT_TESTS) $(BENCHMARKS): $(O)/%: $(O)/obj/tests/%.o $(PRODUCT)
	@mkdir -p $(@D)
	$(call say,LD)$(LINK) -o $@ $^ $(LDLIBS)

# In the fuzz variant libFuzzer drives; else a driver that feeds the recorded corpus.
FUZZ_DRIVER := $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer,$(O)/obj/tests/fuzz/driver.o)

$(FUZZERS): $(O)/%: $(O)/obj/tests/%.o $(PRODUCT) $(filter %.o,$(FUZZ_DRIVER))
	@mkdir -p $(@D)
	$(call say,LD)$(LINK) -o $@ $(filter-out %/driver.o,$^) $(FUZZ_DRIVER) $(LDLIBS)

.SECONDARY:
-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)

# Rewritten only when its text changes: what depends on it is rebuilt then.
$(O)/flags: TEXT = $(COMPILE) $(LINK) $(LDLIBS)
$(O)/version: TEXT = $(VERSION_FLAGS)
$(O)/sources: TEXT = $(SOURCES)
$(O)/flags $(O)/version $(O)/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(TEXT)) | cmp -s - $@ || \
		printf '%s\n' $(call quote,$(TEXT)) >$@
quote = '$(subst ','\'',$(1))'

toolchain:
	@for tool in $(firstword $(CC)) pkg-config; do command -v $$tool >/dev/null || \
		missing="$$missing $$tool"; done; \
	for library in $(LIBRARIES); do pkg-config --exists $$library 2>/dev/null || \
		missing="$$missing $$library"; done; \
	[ -z "$$missing" ] || { printf '%s\n' "missing:$$missing" \
		"run \`make deps\`, or as root: apt-get install --no-install-recommends $(PACKAGES)"; \
		exit 1; } >&2

deps: ## install what a build needs (apt-get, with sudo when not root)
	@tests/tools/apt-install $(PACKAGES)

test-deps: deps
	@tests/tools/prepare

run: deps ## install what is missing, build, and start with config/outbound.yml and $(ARGS)
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@exec $(BINARY) --config.file=config/outbound.yml $(ARGS)

# The groups of tests are functions of tests/tools/run; T="unit live" runs only those.
RUN = env MAKE='$(MAKE)' JOBS=$(JOBS) tests/tools/run

test: test-deps ## install what the tests need, and run them all (T="unit live": only those)
	+@$(RUN) $(or $(T),build lint unit asan tsan fuzz golden live)

test-long: test-deps ## the tests that take longer
	+@$(RUN) build long

check: toolchain ## a quick subset of the tests, which needs what a build needs and python3
	+@$(RUN) build layers unit golden

unit: $(UNIT_TESTS)
fuzzers: $(FUZZERS)
benchmarks: $(BENCHMARKS)

asan: toolchain ## build and run the unit tests under ASan and UBSan
	+@$(RUN) asan

tsan: toolchain ## build and run the unit tests under TSan
	+@$(RUN) tsan

fuzz: ## fuzz every parser for FUZZ_SECONDS (60) with libFuzzer
	+@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=fuzz CC=clang fuzzers
	@tests/tools/fuzz $(FUZZ_SECONDS)

coverage: test-deps ## lines covered by the unit and live tests, for each file
	+@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=coverage all unit
	+@tests/tools/coverage $(RUN) coverage live

bench: benchmarks all ## run the benchmarks
	@tests/tools/bench

tidy: $(SOURCES:src/%.c=build/tidy/%.ok) ## clang-tidy

# As c11, because gnu11 makes assert() a macro with ifs inside, which would count as our nesting,
# and so would libcurl's type checks.
build/tidy/%.ok: src/%.c $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet --warnings-as-errors='*' $< -- \
		-std=c11 $(MY_CPPFLAGS) -DCURL_DISABLE_TYPECHECK $(VERSION_FLAGS) 2>/dev/null
	@touch $@

format: ## reformat all C files
	clang-format -i $(SOURCES) $(HEADERS) $(shell find tests -name '*.[ch]')

docs: all ## regenerate the tables of README.md from --describe
	@tests/tools/docs

compile_commands.json: $(SOURCES) ## build/compile_commands.json, for editors
	@mkdir -p build
	@{ echo '['; $(foreach source,$(SOURCES),printf '%s{"directory": "%s", "file": "%s", \
		"command": "%s"}\n' "$$comma" '$(CURDIR)' '$(source)' \
		$(call quote,$(subst ",\",$(COMPILE) $(VERSION_FLAGS) -c $(source))); \
		comma=,;) echo ']'; } >build/compile_commands.json

install: all ## install the program and its configuration (DESTDIR, prefix, bindir, sysconfdir)
	install -D -m 755 $(BINARY) $(DESTDIR)$(bindir)/outbound_exporter
	[ -e $(DESTDIR)$(sysconfdir)/outbound_exporter/outbound.yml ] || install -D -m 644 \
		config/outbound.yml $(DESTDIR)$(sysconfdir)/outbound_exporter/outbound.yml

clean: ## remove build/
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "%-22s %s\n", $$1, $$2 }' Makefile

FORCE:
.PHONY: all toolchain deps test-deps run test test-long check unit fuzzers benchmarks asan tsan fuzz \
	coverage bench tidy format docs compile_commands.json install clean help FORCE

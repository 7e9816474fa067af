"""What all commands share: help, usage errors, failures, interruption, the log, start-up."""

import subprocess
import sys

import pytest

import pirn_core
from pirn_core.cli import data as data_command
from pirn_core.errors import SampleError

COMMANDS = ("demo", "data", "train", "inspect", "confirm", "explain", "info", "evaluate")


def test_the_help_lists_the_commands_and_teaches_the_first_steps(pirn):
    done = pirn("--help")
    assert done.code == 0
    assert all(name in done.out for name in (*COMMANDS, "backbones"))
    assert "pirn train sample" in done.out and "Exit codes" in done.out


def test_no_arguments_show_the_help(pirn):
    assert pirn().code == 0
    assert "pirn demo sample" in pirn().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_the_output_options(pirn, name):
    done = pirn(name, "--help")
    assert done.code == 0
    assert f"pirn {name} " in done.out.partition("Example")[2]
    assert all(option in done.out for option in ("--quiet", "--json", "--log", "--debug"))


def test_version(pirn):
    assert pirn("--version").out == f"pirn {pirn_core.__version__}\n"


@pytest.mark.parametrize("line", [["nothing"], ["train"], ["data", "x", "--nope"], ["data", "x", "--unit", "mile"]])
def test_a_wrong_command_line_gives_1_because_2_means_ng(pirn, line):
    done = pirn(*line)
    assert done.code == 1
    assert "Error" in done.err and not done.out


def test_an_error_says_what_and_what_to_do_without_a_traceback(pirn, tmp_path):
    done = pirn("data", tmp_path / "absent")
    assert done.code == 1
    assert "absent: there is no such folder." in done.err and "Check the path." in done.err
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback(pirn, tmp_path):
    assert "Traceback" in pirn("data", tmp_path / "absent", "--debug").err


def test_an_unexpected_failure_is_one_line_and_a_saved_traceback(pirn, tmp_path, monkeypatch):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path))
    monkeypatch.setattr("pirn_core.data.layouts.open_parts", lambda *a, **k: 1 / 0)
    done = pirn("data", tmp_path)
    assert done.code == 1
    assert "unexpected ZeroDivisionError" in done.err and "Traceback" not in done.err
    (saved,) = (tmp_path / "crashes").iterdir()
    assert "1 / 0" in saved.read_text() or "ZeroDivisionError" in saved.read_text()


def test_ctrl_c_ends_with_130_and_one_line(pirn, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pirn_core.data.layouts.open_parts", interrupted)
    done = pirn("data", tmp_path)
    assert done.code == 130
    assert done.err.count("\n") == 1 and "Interrupted" in done.err


def test_the_log_keeps_errors_with_their_traceback_and_is_appended_to(pirn, tmp_path):
    log = tmp_path / "logs" / "pirn.log"
    for name in ("one", "two"):
        pirn("data", tmp_path / name, "--log", log)
    text = log.read_text()
    assert text.count("there is no such folder") >= 2
    assert "Traceback" in text and "ERROR" in text


def test_a_log_that_cannot_be_written_is_an_error(pirn, tmp_path):
    (tmp_path / "file").write_text("")
    done = pirn("data", tmp_path, "--log", tmp_path / "file" / "pirn.log")
    assert done.code == 1 and "the log cannot be written" in done.err


def test_quiet_leaves_only_errors(pirn, sample_set, tmp_path):
    done = pirn("data", sample_set, "--quiet", "--names-only")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "Error" in pirn("data", tmp_path / "absent", "--quiet").err


def test_markup_in_names_is_shown_as_it_is(pirn, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise SampleError("part [bold]x[/bold] [/nope]: odd.", "Rename [it].")

    monkeypatch.setattr("pirn_core.data.layouts.open_parts", refuse)
    done = pirn("data", tmp_path)
    assert "part [bold]x[/bold] [/nope]: odd." in done.err and "Rename [it]." in done.err


def test_help_and_data_start_without_torch(sample_set):
    code = (
        "import sys; from pirn_core.cli.app import run; "
        f"codes = [run(['--help']), run(['data', {str(sample_set)!r}]), run(['inspect', '--help'])]; "
        "loaded = [name for name in ('torch', 'timm', 'sklearn', 'open3d') if name in sys.modules]; "
        "sys.exit(f'{codes} {loaded}' if loaded or any(codes) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_module_runs_as_a_program_and_a_part_that_is_damaged_makes_it_fail(tmp_path):
    (tmp_path / "001.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    line = [sys.executable, "-m", "pirn_core", "data", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "unreadable" in done.stdout and "001.png" in done.stdout


def test_data_says_what_is_in_a_folder(pirn, sample_set):
    done = pirn("data", sample_set)
    assert done.code == 0
    assert "mvtec3d" in done.out and "128x128" in done.out and "No problem found" in done.out


def test_data_as_json_is_one_document(pirn, sample_set):
    found = pirn("data", sample_set, "--json").json
    assert found["layout"] == "mvtec3d" and found["parts"] == 15 and found["problems"] == []
    assert {(c["split"], c["label"]): c["parts"] for c in found["counts"]}["train", "good"] == 4


def test_data_shows_a_limited_number_of_problems_unless_asked_for_all(pirn, tmp_path):
    for number in range(data_command._MOST + 5):
        (tmp_path / f"{number:03d}.png").write_bytes(b"\x89PNG\r\n\x1a\nno more %d" % number)
    assert "... and 5 more" in pirn("data", tmp_path).out
    assert "034.png" in pirn("data", tmp_path, "--verbose").out


def test_backbones_are_listed_without_torch_and_as_json(pirn):
    done = pirn("backbones")
    assert done.code == 0 and "embedded" in done.out and "dinov2-base" in done.out
    found = pirn("backbones", "list", "--json").json
    names = {entry["name"]: entry for entry in found["backbones"]}
    assert names["dinov2-base"]["licence"] == "Apache-2.0" and names["dinov2-base"]["size_mb"] > 300


def test_fetching_while_offline_says_how_to_import(pirn, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    done = pirn("backbones", "fetch", "dinov2-small")
    assert done.code == 1
    assert "HF_HUB_OFFLINE is set" in done.err and "pirn backbones import" in done.err


def test_importing_a_file_that_is_no_weight_file_is_refused(pirn, tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"nothing")
    done = pirn("backbones", "import", file)
    assert done.code == 1 and "weights.safetensors" in done.err


def test_an_unknown_backbone_names_the_nearest(pirn):
    done = pirn("backbones", "fetch", "dinov2-bose")
    assert done.code == 1 and "dinov2-base" in done.err

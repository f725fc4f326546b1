"""The profile tells where CPU went, thread by thread."""

import subprocess
import sys

from tests.architecture.reading import ROOT

BUSY = """
import threading, time
def work():
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        sum(range(1000))
thread = threading.Thread(target=work, name="busy")
thread.start()
thread.join()
"""


def test_a_busy_thread_is_found(tmp_path):
    """The function that used the CPU stands in the profile under its own name, and so does its thread."""
    (tmp_path / "spinning.py").write_text(BUSY)
    told = tmp_path / "profile.txt"

    command = [sys.executable, "-m", "bench.sampler", str(told), "spinning"]
    subprocess.run(command, check=True, timeout=60, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"})

    text = told.read_text()
    assert "spinning.py:work" in text.split("-- own")[1]
    assert " busy\n" in text

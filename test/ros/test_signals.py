import os
import signal

import pytest

from humandyn_ros.ros.signals import as_ctrl_c, check_interrupt


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_and_its_old_handler_comes_back(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), as_ctrl_c(signal.SIGTERM):
        os.kill(os.getpid(), number)
        signal.pause()
    assert signal.getsignal(number) is before


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_an_interrupt_that_python_dropped_is_raised_by_the_next_check():
    class Closing:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with as_ctrl_c():
        check_interrupt()
        closing = Closing()
        del closing  # the interrupt of a finalizer goes nowhere
        with pytest.raises(KeyboardInterrupt):
            check_interrupt()
    with as_ctrl_c():
        check_interrupt()  # that was another run

"""Benchmarks beside a real QEMU and Python peers, in one run: ``make bench``; no tests."""

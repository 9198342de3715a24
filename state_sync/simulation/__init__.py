"""Simulated devices: what they measure, when they report, and what goes wrong. Pure; `state_sync.simulator` sends it."""

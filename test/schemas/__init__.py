"""Generated schemas and applications with planted faults, to see that nothing is tuned to one."""

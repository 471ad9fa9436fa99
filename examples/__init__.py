# SPDX-License-Identifier: Apache-2.0
"""Real applications with real faults, the load for them, and the demo that plays them."""
